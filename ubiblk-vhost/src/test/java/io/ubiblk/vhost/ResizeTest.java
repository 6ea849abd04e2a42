package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.BackendChannel;
import io.ubiblk.testkit.vhost.RequestFailedException;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices that grow while they are served. */
class ResizeTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final long SECTORS = Rig.SIZE / 512;

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void start() throws IOException {
    rig = Rig.start(folder);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  @Test
  void aGuestLearnsThatItsDeviceHasGrownAndUsesTheNewRange() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      byte[] data = new byte[4096];
      data[9] = 1;
      assertThrows(RequestFailedException.class, () -> client.queue(0).write(SECTORS, data));
      assertEquals(SECTORS, client.config().capacity());
      rig.device.resize(2 * Rig.SIZE);
      Objects.requireNonNull(client.backendChannel()).awaitConfigChange(LONG);
      assertEquals(2 * SECTORS, client.config().capacity());
      client.queue(0).write(SECTORS, data);
      client.queue(0).write(2 * SECTORS - 8, data);
      assertArrayEquals(data, client.queue(0).read(2 * SECTORS - 8, 4096));
    }
  }

  @Test
  void requestsGoOnWhileTheDeviceGrows() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      BackendChannel channel = Objects.requireNonNull(client.backendChannel());
      long buffer = client.memory().allocate(64 * 512, 512);
      for (int round = 1; round <= 50; round++) {
        for (int i = 0; i < 64; i++) {
          queue.submitWrite(i, buffer + 512L * i, 512, i);
        }
        queue.kick();
        rig.device.resize(Rig.SIZE + 512L * round);
        queue.drain((tag, status, used) -> assertEquals(0, status), LONG);
        channel.awaitConfigChange(LONG);
        client.queue(0).write(SECTORS + round - 1, new byte[512]);
      }
    }
  }

  @Test
  void aFrontendThatDoesNotListenHoldsNothingUp() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      // More messages than a socket holds.
      for (int round = 1; round <= 2000; round++) {
        rig.device.resize(Rig.SIZE + 512L * round);
      }
      assertEquals(SECTORS + 2000, client.config().capacity());
      client.queue(0).write(SECTORS + 1999, new byte[512]);
    }
    rig.assertServes();
  }

  @Test
  void aFrontendThatHasClosedItsChannelHoldsNothingUp() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      Objects.requireNonNull(client.backendChannel()).close();
      rig.device.resize(Rig.SIZE + 512);
      assertEquals(SECTORS + 1, client.config().capacity());
      // A channel that takes the place of the old one is used.
      try (BackendChannel other = client.frontend().openBackendChannel()) {
        rig.device.resize(Rig.SIZE + 1024);
        other.awaitConfigChange(LONG);
      }
    }
  }

  @Test
  void aDeviceMayGrowWithoutAFrontend() throws Exception {
    rig.device.resize(Rig.SIZE + 512);
    try (VhostBlkClient client = rig.connect()) {
      assertEquals(SECTORS + 1, client.config().capacity());
    }
    rig.device.resize(Rig.SIZE + 1024);
  }
}
