package io.ubiblk.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be seen of the programs without the driver; {@code SameDiskIT} starts them with it. */
final class UblkProcessIT {

  @TempDir private Path folder;

  @BeforeEach
  void requireNoDriver() {
    Assumptions.assumeFalse(
        Files.exists(Path.of("/dev/ublk-control")), "this kernel has the ublk driver");
  }

  @Test
  void runnerNeedsTheDriver() throws Exception {
    String link = "--device-symlink=" + folder.resolve("link");
    expectNoDriver("ublk", "--file=null:1G", link, "--no-zero-copy");
  }

  @Test
  void backendNeedsTheDriver() throws Exception {
    Path config = folder.resolve("disk.toml");
    Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    Files.writeString(
        config,
        """
        [device]
        data_path = "disk.raw"
        rpc_socket = "rpc.sock"
        [danger_zone]
        enabled = true
        allow_unencrypted_disk = true
        """);
    expectNoDriver(
        "ublk-backend", "-f", config + "", "--device-symlink", folder + "/link", "--no-zero-copy");
    assertFalse(Files.exists(folder.resolve("rpc.sock")), "the RPC socket is still there");
  }

  @Test
  void backendRefusesQueuesThatTheDriverDoesNotTake() throws Exception {
    Path config = folder.resolve("disk.toml");
    Files.writeString(
        config,
        """
        [device]
        data_path = "disk.raw"
        [tuning]
        queue_size = 8192
        [danger_zone]
        enabled = true
        allow_unencrypted_disk = true
        """);
    try (RunningProgram program = RunningProgram.start("ublk-backend", "--config=" + config)) {
      assertEquals(1, program.awaitEnd());
      assertTrue(program.errors().contains("tuning.queue_size = 8192"), program.errors());
    }
  }

  @Test
  void backendKnowsItsVersion() throws Exception {
    try (RunningProgram program = RunningProgram.start("ublk-backend", "--version")) {
      assertEquals(0, program.awaitEnd());
      assertEquals("ublk backend 0.5.1", program.lines().getFirst());
    }
  }

  private void expectNoDriver(String... args) throws Exception {
    try (RunningProgram program = RunningProgram.start(args)) {
      assertEquals(1, program.awaitEnd());
      assertTrue(program.errors().contains("ublk"), program.errors());
      assertTrue(program.errors().contains("/dev/ublk-control"), program.errors());
      assertEquals(0, program.lines().size());
    }
    assertFalse(Files.exists(folder.resolve("link"), LinkOption.NOFOLLOW_LINKS));
  }
}
