package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.NotifierKind;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import io.ubiblk.testkit.vhost.VringControl;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rings that start, stop, are enabled and disabled, and how they are notified. */
class RingControlTest {

  private static final Duration LONG = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Rig rig;

  /** Kind of the reactors, for a subclass to change. */
  ReactorOptions.Kind kind() {
    return ReactorOptions.Kind.AUTOMATIC;
  }

  @BeforeEach
  void start() throws IOException {
    rig = new Rig(folder, kind(), Rig.memory(), b -> b.queues(2));
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private static void assertWorks(VhostBlkClient client, int queue) throws IOException {
    byte[] data = new byte[4096];
    data[0] = (byte) System.nanoTime();
    client.queue(queue).write(16, data);
    assertArrayEquals(data, client.queue(queue).read(16, 4096));
  }

  private static void drain(AsyncQueue queue) throws IOException {
    queue.drain((tag, status, used) -> assertEquals(0, status), LONG);
  }

  @Test
  void aRingThatIsNotEnabledHasNoSideEffects() throws Exception {
    try (VhostBlkClient client = rig.connect(VhostBlkOptions::withRingsDisabled)) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512, 512);
      queue.submitWrite(0, buffer, 512, 1);
      queue.kick();
      queue.forceKick();
      assertFalse(queue.await(Duration.ofMillis(100)));
      assertEquals(0, rig.device.requests().size());
      assertEquals(0, queue.ring().usedIndex());
      client.setEnabled(0, true);
      drain(queue);
      assertEquals(1, rig.device.requests().size());
    }
  }

  @Test
  void ringsOfAFrontendWithoutProtocolFeaturesBeginEnabled() throws Exception {
    try (VhostBlkClient client =
        rig.connect(o -> o.withoutFeatures(VirtioFeatures.PROTOCOL_FEATURES))) {
      assertWorks(client, 0);
    }
  }

  @Test
  void disablingAndEnablingAgainLosesNothing() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512, 512);
      for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 20; i++) {
          queue.submitWrite(i, buffer, 512, i);
          if (i % 5 == 0) {
            queue.kick();
          }
          if (i == round % 20) {
            client.setEnabled(0, false);
          }
        }
        queue.kick();
        client.setEnabled(0, true);
        drain(queue);
      }
      assertEquals(2000, rig.device.requests(Operation.WRITE).size());
    }
  }

  @Test
  void requestsInFlightComeBackThoughTheRingIsDisabled() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512, 512);
      rig.device.hold(r -> true);
      queue.submitRead(0, buffer, 512, 1);
      queue.kick();
      Await.until(() -> rig.device.heldCount() == 1);
      client.setEnabled(0, false);
      rig.device.release();
      drain(queue);
    }
  }

  @Test
  void gettingTheBaseWaitsForTheRequestsOfTheRing() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512 * 10, 512);
      rig.device.hold(r -> r.offset() == 3 * 512);
      for (int i = 0; i < 10; i++) {
        queue.submitRead(i, buffer + 512L * i, 512, i);
      }
      queue.kick();
      Await.until(() -> queue.ring().usedIndex() == 9);
      CompletableFuture<Integer> base = CompletableFuture.supplyAsync(() -> stop(client));
      Thread.sleep(100);
      assertFalse(base.isDone());
      rig.device.release();
      assertEquals(10, base.get(10, TimeUnit.SECONDS));
      assertEquals(10, queue.ring().usedIndex());
      assertEquals(10, queue.poll((tag, status, used) -> assertEquals(513, used)));
    }
  }

  private static int stop(VhostBlkClient client) {
    try {
      return client.stop(0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void requestsThatCameBackAreNotifiedWhileTheRingStops() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(1024, 512);
      rig.device.hold(r -> true);
      queue.submitRead(0, buffer, 512, 1);
      queue.kick();
      Await.until(() -> rig.device.heldCount() == 1);
      CompletableFuture<Integer> base = CompletableFuture.supplyAsync(() -> stop(client));
      Thread.sleep(50);
      rig.device.release();
      assertEquals(1, base.get(10, TimeUnit.SECONDS));
      drain(queue);
    }
  }

  @Test
  void nothingWritesGuestMemoryOnceTheBaseIsKnown() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(1 << 20, 4096);
      for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 60; i++) {
          queue.submitRead(i * 8L, buffer + 4096L * i, 4096, i);
        }
        queue.kick();
        int base = client.stop(0);
        assertEquals(queue.ring().usedIndex(), base);
        byte[] marks = new byte[1 << 20];
        Arrays.fill(marks, (byte) 0x5a);
        client.memory().write(buffer, marks);
        byte[] used = client.memory().read(queue.ring().layout().used(), 1024);
        queue.forceKick();
        Thread.sleep(2);
        assertArrayEquals(marks, client.memory().read(buffer, 1 << 20));
        assertArrayEquals(used, client.memory().read(queue.ring().layout().used(), 1024));
        client.start(0, base);
        drain(queue);
      }
    }
  }

  @Test
  void aRingGoesOnAtItsBase() throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(1, 8))) {
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < round; i++) {
          assertWorks(client, 0);
        }
        int base = client.stop(0);
        assertEquals(round * (round + 1) & 0xffff, base);
        client.start(0, base);
      }
      assertWorks(client, 0);
    }
  }

  @Test
  void aRingGoesOnWithoutBeingDescribedAgain() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      assertWorks(client, 0);
      for (int round = 0; round < 10; round++) {
        client.stop(0);
        client.frontend().ring(0).setKick(Objects.requireNonNull(client.kick(0)));
        assertWorks(client, 0);
      }
    }
  }

  @Test
  void stoppingARingThatDoesNotRunTellsItsBase() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      assertWorks(client, 0);
      assertEquals(2, client.stop(0));
      assertEquals(2, client.stop(0));
      VringControl other = client.frontend().ring(1);
      assertEquals(0, other.stop());
      other.setBase(1234);
      assertEquals(1234, other.stop());
    }
  }

  @Test
  void queuesAreIndependent() throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(2, 64))) {
      assertWorks(client, 0);
      assertWorks(client, 1);
      client.stop(0);
      assertWorks(client, 1);
      client.start(0, 2);
      client.setEnabled(1, false);
      assertWorks(client, 0);
    }
  }

  @Test
  void aDriverWhoseRingStopsIsLeftWithKicksWanted() throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withoutFeatures(VirtioFeatures.EVENT_IDX))) {
      for (int i = 0; i < 50; i++) {
        assertWorks(client, 0);
        int base = client.stop(0);
        assertTrue(client.queue(0).async().ring().kicksWanted());
        client.start(0, base);
      }
    }
  }

  private void assertServes(UnaryOperator<VhostBlkOptions> options) throws Exception {
    try (VhostBlkClient client = rig.connect(options)) {
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512, 512);
      for (int round = 0; round < 30; round++) {
        assertWorks(client, 0);
        for (int i = 0; i < 50; i++) {
          queue.submitRead(i, buffer, 512, i);
          queue.kick();
        }
        drain(queue);
        if (round % 10 == 0) {
          // Long enough for the ring to rest.
          Thread.sleep(5);
        }
      }
    }
  }

  @Test
  void everyKindOfNotifierServes() throws Exception {
    for (NotifierKind kick : NotifierKind.values()) {
      for (NotifierKind call : NotifierKind.values()) {
        assertServes(o -> o.withNotifiers(kick, call));
      }
    }
  }

  @Test
  void suppressionByFlagServes() throws Exception {
    for (NotifierKind kick : NotifierKind.values()) {
      assertServes(
          o ->
              o.withoutFeatures(VirtioFeatures.EVENT_IDX)
                  .withNotifiers(kick, NotifierKind.EVENTFD));
    }
  }

  @Test
  void aRingWithoutIndirectTablesServes() throws Exception {
    assertServes(o -> o.withoutFeatures(VirtioFeatures.INDIRECT_DESC));
  }

  @Test
  void ringsOfEverySizeServe() throws Exception {
    for (int size : new int[] {1, 2, 4, 64, 1024}) {
      assertServes(o -> o.withQueues(1, size));
    }
  }

  @Test
  void aRingWithoutAKickIsPolledAndCostsLittleWhileItIsQuiet() throws Exception {
    try (VhostBlkClient client =
        rig.connect(o -> o.withNotifiers(NotifierKind.NONE, NotifierKind.EVENTFD))) {
      assertWorks(client, 0);
      Thread.sleep(50);
      long before = Processes.cpuNanos();
      Thread.sleep(1000);
      long used = Processes.cpuNanos() - before;
      assertTrue(used < 70_000_000, "processor time while quiet: " + used + " ns of 1 s");
      assertWorks(client, 0);
    }
  }

  @Test
  void aKickMayBeTakenAwayAndGivenBack() throws Exception {
    try (VhostBlkClient client = rig.connect();
        Notifier other = Notifier.eventfd()) {
      VringControl ring = client.frontend().ring(0);
      for (int round = 0; round < 10; round++) {
        ring.setNoKick();
        Thread.sleep(3);
        assertWorks(client, 0);
        ring.setKick(other);
        Thread.sleep(3);
        AsyncQueue queue = client.queue(0).async();
        queue.submitFlush(1);
        queue.kick();
        // The client kicks the old notifier, which is watched no more.
        other.signal();
        drain(queue);
        ring.setKick(Objects.requireNonNull(client.kick(0)));
        assertWorks(client, 0);
      }
    }
  }

  @Test
  void aNewCallIsSignalledForWhatTheOldOneMayHaveLost() throws Exception {
    try (VhostBlkClient client = rig.connect();
        Notifier other = Notifier.eventfd()) {
      assertWorks(client, 0);
      client.frontend().ring(0).setCall(other);
      assertTrue(other.await(LONG));
      client.frontend().ring(0).setNoCall();
      AsyncQueue queue = client.queue(0).async();
      queue.submitFlush(1);
      queue.kick();
      assertTrue(queue.spin(LONG));
      assertFalse(other.await(Duration.ofMillis(20)));
    }
  }

  @Test
  void aCallThatIsFullHoldsNothingUp() throws Exception {
    for (NotifierKind call : NotifierKind.values()) {
      if (call == NotifierKind.NONE) {
        continue;
      }
      try (VhostBlkClient client = rig.connect(o -> o.withNotifiers(NotifierKind.EVENTFD, call))) {
        Objects.requireNonNull(client.call(0)).fill();
        AsyncQueue queue = client.queue(0).async();
        for (int i = 0; i < 200; i++) {
          queue.ring().setUsedEvent(queue.usedIndex());
          queue.submitFlush(i);
          queue.kick();
          assertTrue(queue.spin(LONG), call.toString());
          queue.poll((tag, status, used) -> assertEquals(0, status));
        }
        assertEquals(200, client.stop(0));
      }
      rig.assertServes();
    }
  }

  @Test
  void anErrorDescriptorThatIsFullHoldsNothingUp() throws Exception {
    for (boolean pipe : new boolean[] {false, true}) {
      try (VhostBlkClient client = rig.connect();
          Notifier error = pipe ? Notifier.pipeFromPeer(true) : Notifier.blockingEventfd()) {
        error.fill();
        client.frontend().ring(0).setError(error);
        client.queue(0).async().ring().setAvailableIndex(5000);
        client.queue(0).async().forceKick();
        Await.until(() -> rig.log.lines().stream().anyMatch(l -> l.contains("is not served")));
        assertEquals(0, client.stop(0));
      }
      rig.assertServes();
    }
  }

  @Test
  void aPipeAsAKickIsReadEmpty() throws Exception {
    for (NotifierKind kick : new NotifierKind[] {NotifierKind.PIPE, NotifierKind.BLOCKING_PIPE}) {
      try (VhostBlkClient client = rig.connect(o -> o.withNotifiers(kick, NotifierKind.EVENTFD))) {
        Notifier bell = Objects.requireNonNull(client.kick(0));
        for (int i = 0; i < 10_000; i++) {
          bell.signal();
        }
        assertWorks(client, 0);
      }
    }
  }

  @Test
  void manyMoreRequestsThanIndexesWrapAroundASmallRing() throws Exception {
    for (long without : new long[] {0, VirtioFeatures.EVENT_IDX}) {
      try (VhostBlkClient client = rig.connect(o -> o.withQueues(1, 16).withoutFeatures(without))) {
        AsyncQueue queue = client.queue(0).async();
        long buffer = client.memory().allocate(512, 512);
        int[] done = new int[1];
        for (int i = 0; i < 70_000; ) {
          while (i < 70_000 && queue.submitRead(i % 1000, buffer, 512, i)) {
            i++;
          }
          queue.kick();
          assertTrue(i % 1000 == 7 ? queue.await(LONG) : queue.spin(LONG));
          done[0] += queue.poll((tag, status, used) -> assertEquals(513, used));
        }
        queue.drain((tag, status, used) -> done[0]++, LONG);
        assertEquals(70_000, done[0]);
        assertEquals(70_000 & 0xffff, client.stop(0));
      }
    }
  }

  @Test
  void aRingMayBeginAtAnyBase() throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(1, 8))) {
      client.stop(0);
      // As if the ring had run for long.
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(512, 512);
      client.start(0, 0);
      for (int i = 0; i < 65_530; i += 5) {
        for (int n = 0; n < 5; n++) {
          queue.submit(0, 0, new DescriptorList().writable(buffer, 512), i + n);
        }
        queue.kick();
        while (queue.inFlight() > 0) {
          assertTrue(queue.spin(LONG));
          queue.poll((tag, status, used) -> assertEquals(0, status));
        }
      }
      assertEquals(65_530, client.stop(0));
      client.start(0, 65_530);
      for (int i = 0; i < 10; i++) {
        assertWorks(client, 0);
      }
      assertEquals(14, client.stop(0));
    }
  }
}
