package io.ubiblk.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VhostOptionsTest {

  @TempDir private Path folder;

  @Test
  void imageNeedsMetadataAndTheOtherWayRound() {
    assertEquals(
        "option --image is given without --metadata, expected --metadata FILE beside it",
        misuse("--file=d", "--image=i"));
    assertEquals(
        "option --metadata is given without --image, expected --image IMAGE beside it",
        misuse("--file=d", "--metadata=m"));
  }

  @Test
  void whatConcernsFillingNeedsAnImage() {
    for (String option : List.of("--copy-on-read", "--autofetch", "--track-written")) {
      assertEquals(
          "option " + option + " is given without --image, expected --image IMAGE beside it",
          misuse("--file=d", option));
    }
  }

  @Test
  void nullDeviceTakesNoOptionsOfFiles() {
    for (String option : List.of("--size=1M", "--direct", "--write-through")) {
      String name = option.replaceFirst("=.*", "");
      assertEquals(
          "option " + name + " is given, but the disk is a null device, which knows nothing of it",
          misuse("--file=null:1G", option));
    }
  }

  @Test
  void sizesAreWholeSectors() {
    assertEquals(
        "option --size has the value '1000', expected a multiple of 512 bytes",
        misuse("--file=d", "--size=1000"));
    assertEquals(
        "option --file has the value 'null:1000', expected a multiple of 512 bytes",
        misuse("--file=null:1000"));
  }

  @Test
  void nullDeviceNeedsASize() {
    String message = misuse("--file=null:big");
    assertEquals(
        "option --file has the value 'null:big', expected a path, or null: and a size, such as"
            + " null:10G",
        message);
  }

  @Test
  void socketPathsThatAreTooLongAreMisuse() {
    Path socket = folder.resolve("s".repeat(110));
    UsageException refusal =
        assertThrows(UsageException.class, () -> run("--file=null:1G", "--socket=" + socket));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith("option --socket: socket path " + socket), message);
  }

  @Test
  void missingDiskIsNotCreatedWithoutASize() {
    Path disk = folder.resolve("disk");
    String message = failure("--file=" + disk);
    assertEquals("disk " + disk + " does not exist; create it with --size BYTES", message);
    assertFalse(Files.exists(disk));
  }

  @Test
  void existingDiskKeepsItsSize() throws IOException {
    Path disk = folder.resolve("disk");
    Files.write(disk, new byte[4096]);
    String message = failure("--file=" + disk, "--size=8K");
    assertEquals(
        "disk "
            + disk
            + " exists with 4096 bytes, but --size says 8192; an existing disk keeps"
            + " its size",
        message);
    assertEquals(4096, Files.size(disk));
  }

  private String misuse(String... args) {
    return String.valueOf(assertThrows(UsageException.class, () -> run(with(args))).getMessage());
  }

  private String failure(String... args) {
    return String.valueOf(assertThrows(IOException.class, () -> run(with(args))).getMessage());
  }

  private String[] with(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add("--socket=" + folder.resolve("sock"));
    return all.toArray(new String[0]);
  }

  /** Ends at once where the options are in order. */
  private static void run(String... args) throws UsageException, IOException, InterruptedException {
    VhostRunner runner = new VhostRunner();
    Termination termination = new Termination();
    termination.request();
    runner.run(runner.commandLine().parse(args), termination);
  }
}
