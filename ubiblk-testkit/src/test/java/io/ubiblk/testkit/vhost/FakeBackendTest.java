package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FakeBackendTest implements BackendScenarios {

  @TempDir Path folder;
  private FakeBackend backend;

  @BeforeEach
  void start() throws IOException {
    backend = new FakeBackend(socket());
  }

  @AfterEach
  void stop() throws IOException {
    backend.close();
  }

  @Override
  public Path socket() {
    return folder.resolve("fake.sock");
  }

  @Override
  public String name() {
    return FakeDisk.ID;
  }

  @Test
  void aRingThatIsNotEnabledDoesNothing() throws Exception {
    try (VhostBlkClient client =
        VhostBlkClient.connect(VhostBlkOptions.at(socket()).withRingsDisabled())) {
      AsyncQueue queue = client.queue(0).async();
      assertTrue(queue.submitFlush(1));
      queue.kick();
      assertFalse(queue.spin(Duration.ofMillis(50)));
      client.setEnabled(0, true);
      queue.forceKick();
      queue.drain((tag, status, length) -> assertEquals(0, status), Duration.ofSeconds(10));
    }
  }

  @Test
  void buffersMayCrossRegions() throws Exception {
    try (GuestMemory memory = GuestMemory.of(4 << 20)) {
      GuestRegion left = memory.addRegion(0x4000_0000L, 1 << 20);
      memory.addRegion(0x4010_0000L, 1 << 20, 8192);
      try (VhostBlkClient client =
          VhostBlkClient.connect(VhostBlkOptions.at(socket()).withMemory(memory))) {
        byte[] data = new byte[8192];
        new Random(5).nextBytes(data);
        long crossing = memory.allocateAcross(left, 4096 - 100, 4096 + 100);
        memory.write(crossing, data);
        DescriptorList out = new DescriptorList().readable(crossing, 8192);
        assertEquals(0, client.queue(0).execute(BlkRequest.OUT, 64, out).status());
        assertArrayEquals(data, client.queue(0).read(64, 8192));
        memory.write(crossing, new byte[8192]);
        DescriptorList in = new DescriptorList().writable(crossing, 8192);
        assertEquals(0, client.queue(0).execute(BlkRequest.IN, 64, in).status());
        assertArrayEquals(data, memory.read(crossing, 8192));
      }
    }
  }
}
