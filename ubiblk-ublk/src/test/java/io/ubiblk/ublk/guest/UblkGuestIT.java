package io.ubiblk.ublk.guest;

import static org.junit.jupiter.api.Assertions.fail;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.guest.Guest;
import io.ubiblk.testkit.guest.GuestTools;
import io.ubiblk.testkit.guest.KernelModules;
import io.ubiblk.testkit.guest.MissingToolException;
import io.ubiblk.testkit.guest.TreeGuest;
import io.ubiblk.ublk.UblkDevice;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/**
 * A Linux guest with the ublk driver: file systems, verifying load, errors, stops at the worst
 * moments, many devices, and a server that is killed again and again. The guest sees this machine's
 * file tree, and so the JDK and the classes.
 */
final class UblkGuestIT {

  private static final List<String> TREE_PROGRAMS =
      List.of("busybox", "fio", "mkfs.ext4", "e2fsck", "fstrim", "losetup", "pkill");
  private static final List<String> MODULES = List.of("ext4", "loop", "ublk_drv");
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int MEBIBYTES = 1536;
  private static final int KILLS = 10;

  /**
   * Returns what a guest takes. Missing programs skip the test, but not where it must run; a kernel
   * without the driver skips it everywhere, for Debian 12 has no other.
   */
  private static GuestTools tools() throws IOException, InterruptedException {
    GuestTools tools;
    try {
      tools = GuestTools.find(TREE_PROGRAMS);
    } catch (MissingToolException e) {
      if ("true".equals(System.getenv("CI"))) {
        return fail("this must not be skipped here: " + e.getMessage());
      }
      return Assumptions.abort(e.getMessage());
    }
    try {
      modules(tools);
      return tools;
    } catch (MissingToolException e) {
      return Assumptions.abort(e.getMessage());
    }
  }

  @Test
  void kernelUsesTheDevice() throws Exception {
    GuestTools tools = tools();
    Path archive = Path.of("target").toAbsolutePath().resolve("ublk-guest.cpio");
    try (Guest guest = TreeGuest.start(tools, modules(tools), archive, MEBIBYTES, scenario())) {
      for (String message :
          List.of(
              "@filesystem",
              "@verified",
              "@file errors",
              "@mixed",
              "@direct",
              "@resized",
              "@errors",
              "@stopped while busy",
              "@stopped while waiting",
              "@many",
              "@recovered",
              "@ended with status 0")) {
        guest.expect(message, PATIENCE);
      }
      guest.awaitEnd(PATIENCE);
    }
  }

  private static String scenario() throws IOException, ClassNotFoundException {
    return resource("scenario.sh")
        .replace("@KILLS@", Integer.toString(KILLS))
        .replace("@JAVA@", Path.of(System.getProperty("java.home"), "bin", "java").toString())
        .replace("@CLASSPATH@", classPath());
  }

  private static KernelModules modules(GuestTools tools)
      throws IOException, InterruptedException, MissingToolException {
    return TreeGuest.modules(tools, MODULES);
  }

  /** Where the classes are that the server needs. */
  private static String classPath() throws ClassNotFoundException {
    return Stream.of(
            ServerMain.class,
            UblkDevice.class,
            VirtualDisk.class,
            BlockDevice.class,
            FaultyBlockDevice.class,
            Logger.class,
            // Not modules that this one reads, and yet there.
            Class.forName("org.slf4j.simple.SimpleLogger"),
            Class.forName("org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue"))
        .map(UblkGuestIT::location)
        .distinct()
        .collect(Collectors.joining(":"));
  }

  private static String location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) throws IOException {
    try (var in = UblkGuestIT.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not among the test's resources");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
