package io.ubiblk.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LauncherIT {

  @TempDir private Path folder;

  @Test
  void withoutArgumentsItListsTheRunners() throws Exception {
    try (RunningProgram program = RunningProgram.start()) {
      assertEquals(0, program.awaitEnd());
      for (String name : new String[] {"quickstart", "vhost", "nbd", "ublk", "hundreds"}) {
        assertTrue(
            program.lines().stream().anyMatch(line -> line.startsWith("  " + name + " ")), name);
      }
    }
  }

  @Test
  void unknownRunnerIsMisuseAndListsTheKnownOnes() throws Exception {
    try (RunningProgram program = RunningProgram.start("vhots")) {
      assertEquals(2, program.awaitEnd());
      assertTrue(program.errors().contains("unknown runner 'vhots'"), program.errors());
      assertTrue(program.errors().contains("  vhost "), program.errors());
      assertEquals(0, program.lines().size(), "lines on standard output");
    }
  }

  @Test
  void worksThroughSymbolicLinksFromAnyFolder() throws Exception {
    Path first = Files.createSymbolicLink(folder.resolve("first"), RunningProgram.LAUNCHER);
    Path spaced = Files.createDirectory(folder.resolve("a folder"));
    Path second = Files.createSymbolicLink(spaced.resolve("second"), first);
    try (RunningProgram program = RunningProgram.start(second, folder, "vhost", "--help")) {
      assertEquals(0, program.awaitEnd());
      assertTrue(program.lines().getFirst().startsWith("Usage: examples/run vhost"));
    }
  }

  @Test
  void quickstartVerifiesAndCleansUpWithoutControlCharacters() throws Exception {
    try (RunningProgram program = RunningProgram.start("quickstart")) {
      int status = program.awaitEnd();
      String text = String.join("\n", program.lines());
      assertEquals(0, status, () -> text);
      assertTrue(text.contains("every byte is as it should be"), text);
      assertTrue(text.contains("128 of 128 stripes"), text);
      assertTrue(text.contains("The same disk over NBD"), text);
      assertFalse(text.contains("has failed") || text.contains("has not ended"), text);
      assertTrue(text.contains("memory-backend-memfd,id=mem,size=1G,share=on"), text);
      assertTrue(text.contains("vhost-user-blk-pci"), text);
      assertTrue(text.chars().allMatch(c -> c == '\n' || c >= ' '), text);
      String image = text.substring(text.indexOf(" in /") + 4, text.indexOf(", made"));
      assertFalse(Files.exists(Path.of(image).getParent()), image);
    }
  }

  @Test
  void quickstartStopsAndCleansUpWhenItIsInterrupted() throws Exception {
    try (RunningProgram program = RunningProgram.start("quickstart", "--serve")) {
      String line = program.readLine();
      Path image = Path.of(line.substring(line.indexOf(" in /") + 4, line.indexOf(", made")));
      program.readLine();
      program.signal("INT");
      assertEquals(0, program.awaitEnd(), () -> String.join("\n", program.lines()));
      assertFalse(Files.exists(image.getParent()), image.toString());
    }
  }

  @Test
  void hundredsServeEachDiskOnItsSocket() throws Exception {
    int count = 30;
    String[] args = {"hundreds", "--disks", "" + count, "--dir", folder + "/d", "--size=8M"};
    try (RunningProgram program = RunningProgram.start(args)) {
      assertTrue(program.readLine().startsWith(count + " disks listen on "));
      for (int i = 0; i < count; i++) {
        assertTrue(Files.exists(folder.resolve("d/disk-" + i + ".sock")), "socket " + i);
        assertEquals(8 << 20, Files.size(folder.resolve("d/disk-" + i + ".raw")));
      }
      program.signal("TERM");
      assertEquals(0, program.awaitEnd(), program::toString);
      assertEquals(1, program.lines().size());
      assertFalse(Files.exists(folder.resolve("d/disk-0.sock")));
    }
  }

  @Test
  void hundredsEndByThemselvesAfterTheirTime() throws Exception {
    String[] args = {"hundreds", "--disks=2", "--dir=" + folder, "--size=1M", "--serve-seconds=1"};
    try (RunningProgram program = RunningProgram.start(args)) {
      assertEquals(0, program.awaitEnd());
    }
  }
}
