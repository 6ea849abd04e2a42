package io.ubiblk.examples.guest;

import static org.junit.jupiter.api.Assertions.fail;

import io.ubiblk.testkit.guest.Guest;
import io.ubiblk.testkit.guest.GuestTools;
import io.ubiblk.testkit.guest.KernelModules;
import io.ubiblk.testkit.guest.MissingToolException;
import io.ubiblk.testkit.guest.TreeGuest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One disk through all frontends, and the programs whose frontends need a driver of the kernel: in
 * a guest that sees this machine's file tree.
 */
final class SameDiskIT {

  private static final List<String> PROGRAMS =
      List.of("busybox", "mkfs.ext4", "e2fsck", "fstrim", "nbd-client");
  private static final List<String> MODULES = List.of("ext4", "ublk_drv", "nbd");
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final int MEBIBYTES = 1536;
  private static final Path TARGET = Path.of("target").toAbsolutePath();

  @TempDir private Path folder;

  @Test
  void whatVhostHasWrittenReadsTheSameOverNbd() throws Exception {
    SameDisk.writeOverVhost(folder);
  }

  @Test
  void whatUblkHasWrittenReadsTheSameOverNbdAndVhost() throws Exception {
    GuestTools tools = tools();
    KernelModules modules;
    try {
      modules = TreeGuest.modules(tools, MODULES);
    } catch (MissingToolException e) {
      // Not every Debian has such a kernel.
      Assumptions.abort(e.getMessage());
      return;
    }
    Path archive = TARGET.resolve("frontends.cpio");
    try (Guest guest = TreeGuest.start(tools, modules, archive, MEBIBYTES, scenario())) {
      for (String message :
          List.of("@same", "@runner", "@backend", "@nbd-client", "@ended with status 0")) {
        guest.expect(message, PATIENCE);
      }
      guest.awaitEnd(PATIENCE);
    }
  }

  private static GuestTools tools() throws IOException, InterruptedException {
    try {
      return GuestTools.find(PROGRAMS);
    } catch (MissingToolException e) {
      if ("true".equals(System.getenv("CI"))) {
        return fail("this must not be skipped here: " + e.getMessage());
      }
      return Assumptions.abort(e.getMessage());
    }
  }

  private static String scenario() throws IOException {
    try (var in = SameDiskIT.class.getResourceAsStream("frontends.sh")) {
      if (in == null) {
        throw new FileNotFoundException("frontends.sh is not among the test's resources");
      }
      String path = TARGET + "/test-classes:" + TARGET + "/classes:" + TARGET + "/lib/*";
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .replace("@JAVA@", Path.of(System.getProperty("java.home"), "bin", "java").toString())
          .replace("@CLASSPATH@", path);
    }
  }
}
