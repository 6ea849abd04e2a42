package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class VhostBlkClientTest {

  /** Long enough for a device that does as it should, on a busy machine too. */
  private static final Duration SOON = Duration.ofSeconds(1);

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir Path folder;
  private FakeBackend backend;
  private VhostBlkOptions options;

  @BeforeEach
  void start() throws IOException {
    backend = new FakeBackend(folder.resolve("fake.sock"));
    options = VhostBlkOptions.at(folder.resolve("fake.sock")).withTimeout(PATIENCE);
  }

  @AfterEach
  void stop() throws IOException {
    backend.close();
  }

  @Test
  void theConfigurationIsThatOfTheDevice() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      BlkConfig config = client.config();
      assertEquals(FakeDisk.SIZE / 512, config.capacity());
      assertEquals(FakeSession.QUEUES, config.queues());
      assertEquals(126, config.segMax());
      client.setWriteback(false);
      assertEquals(0, client.config().writeback());
      byte[] id = client.queue(0).id();
      assertEquals(BlkRequest.ID_SIZE, id.length);
      assertEquals(FakeDisk.ID, new String(id, StandardCharsets.US_ASCII).trim());
    }
  }

  @Test
  void severalRangesGoIntoOneRequest() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      byte[] ones = new byte[8 * 512];
      Arrays.fill(ones, (byte) 1);
      client.queue(0).write(0, ones);
      client.queue(0).writeZeroes(new SectorRange(0, 1), new SectorRange(3, 2, BlkRequest.UNMAP));
      client.queue(0).discard(new SectorRange(7, 1));
      for (int sector : new int[] {0, 3, 4, 7}) {
        Arrays.fill(ones, sector * 512, sector * 512 + 512, (byte) 0);
      }
      assertArrayEquals(ones, client.queue(0).read(0, ones.length));
    }
  }

  @Test
  void emptyRequestsHaveNoData() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      assertEquals(0, client.queue(0).read(5, 0).length);
      client.queue(0).write(5);
    }
  }

  @Test
  void requestsInFlightAreServedAfterAReconnection() throws Exception {
    for (boolean reverse : new boolean[] {false, true}) {
      backend.reverse = reverse;
      try (VhostBlkClient client = VhostBlkClient.connect(options)) {
        AsyncQueue queue = client.queue(0).async();
        client.queue(0).flush();
        backend.swallow.set(3);
        for (int i = 0; i < 10; i++) {
          assertTrue(queue.submitFlush(i));
        }
        queue.kick();
        List<Long> tags = new ArrayList<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (queue.inFlight() > 3 && System.nanoTime() < deadline) {
          queue.poll((tag, status, length) -> tags.add(tag));
        }
        assertEquals(7, tags.size());
        client.reconnect();
        queue.drain((tag, status, length) -> tags.add(tag), PATIENCE);
        assertEquals(
            List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L), tags.stream().sorted().toList());
        client.queue(0).flush();
      }
    }
  }

  @Test
  void memoryForRequestsInFlightOutlivesAConnection() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options.withInflightTracking())) {
      assertNotNull(client.inflight());
      client.queue(0).flush();
      client.reconnect();
      client.queue(0).flush();
      FakeSession session = Objects.requireNonNull(backend.session);
      assertEquals(1, session.inflightSet());
      assertFalse(session.messages().contains(FrontendRequest.GET_INFLIGHT_FD.number()));
    }
  }

  @Test
  void memoryIsHandedOverInATableOrInSlots() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      client.queue(0).flush();
      assertTrue(Objects.requireNonNull(backend.session).messages().contains(5));
    }
    try (VhostBlkClient client = VhostBlkClient.connect(options.withMemorySlots())) {
      client.queue(0).flush();
      List<Integer> messages = Objects.requireNonNull(backend.session).messages();
      assertTrue(messages.contains(37) && !messages.contains(5), messages::toString);
    }
  }

  @Test
  void aRequestThatNeverComesBackIsReported() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options.withTimeout(SOON))) {
      backend.swallow.set(1);
      assertThrows(DeviceViolationException.class, () -> client.queue(0).flush());
      AsyncQueue queue = client.queue(0).async();
      DeviceViolationException violation =
          assertThrows(
              DeviceViolationException.class, () -> queue.drain((tag, status, length) -> {}, SOON));
      assertTrue(violation.toString().contains("1 chains outstanding"), violation::toString);
      client.queue(0).flush();
    }
  }

  @Test
  void whatADeviceMustNotDoIsReported() throws Exception {
    for (Misbehaviour misbehaviour :
        List.of(Misbehaviour.USED_TWICE, Misbehaviour.UNKNOWN_HEAD, Misbehaviour.TOO_LONG)) {
      try (VhostBlkClient client = VhostBlkClient.connect(options)) {
        client.queue(0).flush();
        backend.misbehaviour = misbehaviour;
        assertThrows(
            DeviceViolationException.class, () -> client.queue(0).flush(), misbehaviour::toString);
        backend.misbehaviour = Misbehaviour.NONE;
      }
    }
  }

  @Test
  void aDeviceThatNeverCallsIsReported() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options.withTimeout(SOON))) {
      client.queue(0).flush();
      backend.misbehaviour = Misbehaviour.NO_CALL;
      // A device that is done before a call is asked for owes none.
      Executable untilItOwesOne =
          () -> {
            for (int i = 0; i < 10_000; i++) {
              client.queue(0).flush();
            }
          };
      DeviceViolationException violation =
          assertThrows(DeviceViolationException.class, untilItOwesOne);
      assertTrue(violation.toString().contains("without a call"), violation::toString);
    }
  }

  @Test
  void aStatusThatWasNotWrittenIsNoSuccess() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      backend.misbehaviour = Misbehaviour.NO_STATUS;
      RequestFailedException failed =
          assertThrows(RequestFailedException.class, () -> client.queue(0).flush());
      assertEquals(BlkRequest.NO_STATUS, failed.status());
    }
  }

  @Test
  void whatComesBackDuringAWaitIsDeliveredLater() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options)) {
      AsyncQueue queue = client.queue(0).async();
      assertTrue(queue.submitFlush(41));
      assertTrue(queue.submitFlush(42));
      client.queue(0).flush();
      List<Long> tags = new ArrayList<>();
      assertTrue(queue.await(PATIENCE));
      assertEquals(2, queue.poll((tag, status, length) -> tags.add(tag)));
      assertEquals(List.of(41L, 42L), tags);
    }
  }

  @Test
  void aFullRingSaysSoAndTakesMoreLater() throws Exception {
    for (long without : new long[] {0, VirtioFeatures.INDIRECT_DESC}) {
      VhostBlkOptions small = options.withQueues(1, 8).withoutFeatures(without);
      try (VhostBlkClient client = VhostBlkClient.connect(small.withRingsDisabled())) {
        AsyncQueue queue = client.queue(0).async();
        int accepted = 0;
        while (queue.submitFlush(accepted)) {
          accepted++;
        }
        assertEquals(without == 0 ? 8 : 4, accepted);
        assertThrows(IllegalStateException.class, () -> client.queue(0).flush());
        client.setEnabled(0, true);
        queue.forceKick();
        queue.drain((tag, status, length) -> {}, PATIENCE);
        client.queue(0).flush();
      }
    }
  }

  @Test
  void requestsOfAnyLengthFindRoomForTheirTable() throws Exception {
    try (VhostBlkClient client = VhostBlkClient.connect(options.withTableEntries(4))) {
      long buffer = client.memory().allocate(512, 512);
      DescriptorList data = new DescriptorList();
      for (int i = 0; i < 128; i++) {
        data.writable(buffer + i * 4L, 4);
      }
      for (int i = 0; i < 3; i++) {
        assertEquals(
            new Completion(DriverQueue.WAITED_FOR, 0, 513),
            client.queue(0).execute(BlkRequest.IN, 0, data));
      }
    }
  }

  @Test
  void aFullCallDoesNotLoseCompletions() throws Exception {
    VhostBlkOptions blocking =
        options.withNotifiers(NotifierKind.BLOCKING_EVENTFD, NotifierKind.EVENTFD);
    try (VhostBlkClient client = VhostBlkClient.connect(blocking)) {
      Objects.requireNonNull(client.call(0)).fill();
      client.queue(0).flush();
      assertNotNull(client.kick(0));
      assertFalse(client.error(0).await(Duration.ZERO));
    }
  }

  @Test
  void featuresThatAreNotWantedAreNotAccepted() throws Exception {
    VhostBlkOptions plain =
        options
            .withFeatures(VirtioFeatures.VERSION_1)
            .withNotifiers(NotifierKind.EVENTFD, NotifierKind.NONE)
            .withMemorySize(16 << 20)
            .withPatience(SOON);
    try (VhostBlkClient client = VhostBlkClient.connect(plain.withRingsDisabled())) {
      assertEquals(VirtioFeatures.VERSION_1, client.features());
      assertEquals(0, client.protocolFeatures());
      assertNull(client.backendChannel());
      assertNull(client.call(0));
      assertEquals(1, client.queueCount());
      client.setEnabled(0, true);
      assertFalse(
          Objects.requireNonNull(backend.session)
              .messages()
              .contains(FrontendRequest.SET_VRING_ENABLE.number()));
    }
  }

  @Test
  void moreQueuesThanThereAreIsAnError() {
    IOException refused =
        assertThrows(IOException.class, () -> VhostBlkClient.connect(options.withQueues(5, 16)));
    assertTrue(refused.toString().contains("4 queues, expected 5"), refused::toString);
  }
}
