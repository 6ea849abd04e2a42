package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the driver must be able to do with any backend of a writable disk of 4 MiB. */
interface BackendScenarios {

  int DISK = 4 << 20;

  /** The backend's socket. */
  Path socket();

  /** Whether a ring without a call is served, as the protocol says. */
  default boolean servesRingsWithoutCall() {
    return true;
  }

  /** The beginning of the disk's name. */
  String name();

  private VhostBlkOptions options() {
    return VhostBlkOptions.at(socket());
  }

  private static byte[] pattern(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  default void writtenDataIsReadBack() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(socket())) {
      DriverQueue queue = client.queue(0);
      byte[] data = pattern(1, 100 * 512);
      queue.write(7, data);
      queue.flush();
      assertArrayEquals(data, queue.read(7, data.length));
      queue.write(DISK / 512 - 1, Arrays.copyOf(data, 512));
      assertArrayEquals(Arrays.copyOf(data, 512), queue.read(DISK / 512 - 1, 512));
    }
  }

  @Test
  default void requestsBehindTheEndFail() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(socket())) {
      DriverQueue queue = client.queue(0);
      RequestFailedException failed =
          assertThrows(RequestFailedException.class, () -> queue.read(DISK / 512, 512));
      assertEquals(BlkRequest.IOERR, failed.status());
      assertThrows(RequestFailedException.class, () -> queue.write(DISK / 512 - 1, new byte[1024]));
      assertEquals(BlkRequest.UNSUPP, queue.execute(99, 0, new DescriptorList()).status());
      assertEquals(512, queue.read(0, 512).length);
    }
  }

  @Test
  default void discardedAndZeroedRangesReadAsZeros() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(socket())) {
      DriverQueue queue = client.queue(0);
      byte[] data = pattern(2, 65536);
      queue.write(128, data);
      queue.writeZeroes(new SectorRange(136, 8));
      queue.writeZeroes(new SectorRange(160, 8, BlkRequest.UNMAP));
      Arrays.fill(data, 8 * 512, 16 * 512, (byte) 0);
      Arrays.fill(data, 32 * 512, 40 * 512, (byte) 0);
      assertArrayEquals(data, queue.read(128, data.length));
      queue.discard(new SectorRange(192, 8));
      assertArrayEquals(Arrays.copyOf(data, 64 * 512), queue.read(128, 64 * 512));
    }
  }

  @Test
  default void theDeviceTellsItsNameAndSize() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(socket())) {
      assertEquals(
          name(), new String(client.queue(0).id(), 0, name().length(), StandardCharsets.US_ASCII));
      BlkConfig config = client.config();
      assertEquals(DISK / 512, config.capacity());
      assertTrue(config.queues() >= 2, config::toString);
      assertTrue((client.features() & VirtioFeatures.EVENT_IDX) != 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true,true,128",
    "true,false,128",
    "false,true,128",
    "false,false,128",
    "true,true,4",
    "false,false,4",
    "true,false,1024"
  })
  default void manyRequestsInFlightLeaveWhatAModelSays(
      boolean eventIndex, boolean indirect, int queueSize) throws Exception {
    long without =
        (eventIndex ? 0 : VirtioFeatures.EVENT_IDX) | (indirect ? 0 : VirtioFeatures.INDIRECT_DESC);
    VhostBlkOptions options = options().withoutFeatures(without).withQueues(1, queueSize);
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      long seed = System.nanoTime();
      try {
        new RandomLoad(client, 0, DISK, seed).run(3000);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  default void queuesWorkSideBySide() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options().withQueues(2, 64))) {
      List<CompletableFuture<Void>> workers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        int queue = i;
        RandomLoad load = new RandomLoad(client, queue, DISK / 2, queue + 5);
        workers.add(CompletableFuture.runAsync(() -> load.from(queue * DISK / 2).run(2000)));
      }
      for (CompletableFuture<Void> worker : workers) {
        worker.get();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(NotifierKind.class)
  default void anyCallNotifiesTheDriver(NotifierKind call) throws Exception {
    assumeTrue(call != NotifierKind.NONE || servesRingsWithoutCall(), "not served here");
    try (VhostBlkClient client =
        VhostBlkClient.connect(options().withNotifiers(NotifierKind.EVENTFD, call))) {
      byte[] data = pattern(3, 4096);
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      boolean called = false;
      // A device that answers before the driver waits makes a call that nobody has waited for.
      for (int i = 0; i < 20 || (!called && call != NotifierKind.NONE); i++) {
        assertTrue(System.nanoTime() < deadline, "no call was waited for and came");
        client.queue(0).write(i % 20 * 8L, data);
        assertArrayEquals(data, client.queue(0).read(i % 20 * 8L, 4096));
        called = client.queue(0).async().calls() > 0;
      }
      assertEquals(call != NotifierKind.NONE, called);
    }
  }

  @Test
  default void stoppedRingsGoOnWhereTheyStopped() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options().withQueues(2, 16))) {
      for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 7; i++) {
          client.queue(1).write(i, pattern(round * 7 + i, 512));
        }
        int base = client.stop(1);
        assertEquals(client.queue(1).async().usedIndex(), base);
        client.queue(0).flush();
        client.start(1, base);
        assertArrayEquals(pattern(round * 7 + 6, 512), client.queue(1).read(6, 512));
      }
    }
  }

  @Test
  default void requestsMadeWhileARingIsStoppedAreServedLater() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options())) {
      DriverQueue queue = client.queue(0);
      queue.write(0, new byte[512]);
      int base = client.stop(0);
      long buffer = client.memory().allocate(512, 512);
      client.memory().write(buffer, pattern(4, 512));
      assertTrue(queue.async().submitWrite(0, buffer, 512, 1));
      queue.async().kick();
      assertFalse(queue.async().spin(Duration.ofMillis(50)));
      client.start(0, base);
      queue.async().drain((tag, status, length) -> assertEquals(0, status), Duration.ofSeconds(10));
      assertArrayEquals(pattern(4, 512), queue.read(0, 512));
    }
  }

  @Test
  default void aClientReconnectsAndGoesOn() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options().withQueues(2, 64))) {
      for (int round = 0; round < 4; round++) {
        client.queue(round % 2).write(round, pattern(round, 512));
        client.reconnect();
        assertArrayEquals(pattern(round, 512), client.queue(1).read(round, 512));
      }
    }
  }

  @Test
  default void requestsInFlightComeBackOnceDespiteAReconnection() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options().withQueues(1, 64))) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(64 * 4096, 4096);
      for (int round = 0; round < 10; round++) {
        BitSet back = new BitSet();
        for (int i = 0; i < 64; i++) {
          assertTrue(queue.submitRead(i * 8L, buffer + i * 4096L, 4096, i));
        }
        queue.kick();
        client.reconnect();
        queue.drain(
            (tag, status, length) -> {
              assertEquals(0, status);
              assertFalse(back.get((int) tag));
              back.set((int) tag);
            },
            Duration.ofSeconds(10));
        assertEquals(64, back.cardinality());
      }
    }
  }

  @Test
  default void regionsMayComeAndGo() throws Exception {
    try (GuestMemory memory = GuestMemory.of(4 << 20)) {
      memory.addRegion(0x4000_0000L, 1 << 20, 8192);
      try (VhostBlkClient client =
          VhostBlkClient.connect(options().withMemory(memory).withMemorySlots())) {
        DriverQueue queue = client.queue(0);
        byte[] data = pattern(5, 8192);
        queue.write(64, data);
        GuestRegion late = memory.addRegion(0x8000_0000L, 1 << 20);
        client.frontend().addRegion(late);
        long buffer = memory.allocateIn(late, 8192, 512);
        DescriptorList in =
            new DescriptorList().writable(buffer, 4096).writable(buffer + 4096, 4096);
        assertEquals(0, queue.execute(BlkRequest.IN, 64, in).status());
        assertArrayEquals(data, memory.read(buffer, 8192));
        client.frontend().removeRegion(late);
        memory.removeRegion(late);
        assertArrayEquals(data, queue.read(64, 8192));
      }
    }
  }

  @Test
  default void theBackendTakesARequestChannel() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(socket())) {
      assertNotNull(client.backendChannel());
    }
  }
}
