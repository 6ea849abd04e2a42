package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How sessions and servers end: what is waited for, and that nothing is left behind. */
@SuppressWarnings("NullAway.Init") // each test starts what it needs
class SessionEndTest {

  private static final Duration LONG = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Rig rig;

  private void start(ScriptedDevice device, UnaryOperator<VhostUserBlk.Builder> more)
      throws IOException {
    rig = new Rig(folder, ReactorOptions.Kind.AUTOMATIC, device, b -> more.apply(b.queues(2)));
  }

  private void start() throws IOException {
    start(Rig.memory(), b -> b);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  /** Has requests held inside the device; returns when they are. */
  private void hold(VhostBlkClient client, int count, boolean underWay) throws Exception {
    if (underWay) {
      rig.device.holdUnderWay(r -> r.operation() == Operation.READ);
    } else {
      rig.device.hold(r -> r.operation() == Operation.READ);
    }
    AsyncQueue queue = client.queue(0).async();
    long buffer = client.memory().allocate(count * 512L, 512);
    for (int i = 0; i < count; i++) {
      queue.submitRead(i, buffer + i * 512L, 512, i);
    }
    queue.kick();
    Await.until(() -> rig.device.heldCount() == count);
  }

  private CompletableFuture<Void> closing() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            rig.server.close();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void oneRequestThatIsStuckDelaysNoOther() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(2, 64))) {
      rig.device.hold(r -> r.offset() == 77 * 512);
      AsyncQueue queue = client.queue(0).async();
      queue.submitRead(77, client.memory().allocate(512, 512), 512, 77);
      queue.kick();
      Await.until(() -> rig.device.heldCount() == 1);
      for (int i = 0; i < 1000; i++) {
        client.queue(0).write(i % 50, new byte[512]);
        client.queue(1).read(i % 50, 512);
      }
      assertEquals(Rig.SIZE / 512, client.config().capacity());
      client.setWriteback(false);
      client.frontend().setMemory(client.memory());
      client.setEnabled(1, false);
      client.setEnabled(1, true);
      client.stop(1);
      assertEquals(1, queue.inFlight());
      rig.device.release();
      queue.drain((tag, status, used) -> assertEquals(77, tag), LONG);
    }
  }

  @Test
  void theNextFrontendIsServedWithinMomentsThoughRequestsAreHeld() throws Exception {
    start();
    for (int round = 0; round < 20; round++) {
      VhostBlkClient client = rig.connect();
      hold(client, 10, false);
      client.close();
      long begun = System.nanoTime();
      rig.device.hold(r -> false);
      rig.assertServes();
      long took = System.nanoTime() - begun;
      assertTrue(took < 500_000_000, "the next frontend waited for " + took + " ns");
      assertEquals(0, rig.device.heldCount());
    }
  }

  @Test
  void requestsUnderWayAreWaitedForBeforeTheNextFrontendIsServed() throws Exception {
    start();
    VhostBlkClient client = rig.connect();
    hold(client, 3, true);
    client.close();
    CompletableFuture<Void> next =
        CompletableFuture.runAsync(
            () -> {
              try {
                rig.assertServes();
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    Thread.sleep(200);
    assertFalse(next.isDone());
    assertEquals(1, rig.device.openChannels());
    rig.device.release();
    next.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aFrontendThatGoesAwayWhileItStopsARingIsNoticed() throws Exception {
    start();
    for (boolean more : new boolean[] {false, true}) {
      VhostBlkClient client = rig.connect();
      hold(client, 1, false);
      client
          .frontend()
          .connection()
          .send(VhostUserMessage.of(FrontendRequest.GET_VRING_BASE, Payloads.vringState(0, 0)));
      if (more) {
        // What was said before must not hide that nobody is there any more.
        client.frontend().connection().send(VhostUserMessage.of(FrontendRequest.GET_FEATURES));
        client.frontend().connection().send(VhostUserMessage.of(FrontendRequest.GET_FEATURES));
      }
      Thread.sleep(50);
      client.close();
      rig.device.hold(r -> false);
      rig.assertServes();
    }
  }

  @Test
  void aFrontendThatBreaksTheProtocolWithRequestsHeldIsDisconnectedAtOnce() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 2, true);
      client.frontend().connection().sendBytes(new byte[12]);
      assertTrue(client.frontend().connection().awaitClosed(Duration.ofSeconds(2)));
      rig.device.release();
    }
    rig.assertServes();
  }

  @Test
  void closingLetsRequestsInFlightFinishAndGivesThemBack() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 5, false);
      CompletableFuture<Void> closing = closing();
      Await.until(() -> rig.server.state() == Frontend.State.CLOSING);
      AsyncQueue queue = client.queue(0).async();
      Thread.sleep(50);
      queue.submitFlush(99);
      queue.kick();
      assertFalse(closing.isDone());
      assertEquals(0, queue.ring().usedIndex());
      rig.device.release();
      closing.get(10, TimeUnit.SECONDS);
      assertEquals(5, queue.ring().usedIndex());
      assertTrue(queue.await(LONG));
      assertEquals(5, queue.poll((tag, status, used) -> assertEquals(513, used)));
      assertEquals(1, queue.inFlight(), "what came after the end was not taken");
      assertTrue(client.frontend().connection().awaitClosed(LONG));
    }
    assertEquals(Frontend.State.CLOSED, rig.server.state());
    assertFalse(Files.exists(rig.socket));
  }

  @Test
  void closingWaitsNoLongerThanItsGrace() throws Exception {
    start(Rig.memory(), b -> b.grace(Duration.ofMillis(300)));
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 5, false);
      long begun = System.nanoTime();
      rig.server.close();
      long took = System.nanoTime() - begun;
      assertTrue(took >= 300_000_000 && took < 1_500_000_000, "closing took " + took + " ns");
      assertEquals(0, client.queue(0).async().ring().usedIndex());
    }
  }

  @Test
  void closingWaitsForRequestsUnderWay() throws Exception {
    start(Rig.memory(), b -> b.grace(Duration.ofMillis(100)));
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 1, true);
      CompletableFuture<Void> closing = closing();
      Thread.sleep(400);
      assertFalse(closing.isDone());
      rig.device.release();
      closing.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void closingIsNoticedWhileARingIsBeingStopped() throws Exception {
    start(Rig.memory(), b -> b.grace(Duration.ofMillis(200)));
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 1, false);
      client
          .frontend()
          .connection()
          .send(VhostUserMessage.of(FrontendRequest.GET_VRING_BASE, Payloads.vringState(0, 0)));
      Thread.sleep(50);
      closing().get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void closingFlushes() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      client.queue(0).write(0, new byte[512]);
      rig.server.close();
    }
    assertEquals(1, rig.device.requests(Operation.FLUSH).size());
    assertEquals(Operation.FLUSH, rig.device.requests().getLast().operation());
  }

  @Test
  void closingADeviceWithoutCacheDoesNotFlush() throws Exception {
    start(Rig.memory().without(Capability.FLUSH, Capability.FUA), b -> b);
    rig.server.close();
    assertEquals(0, rig.device.requests(Operation.FLUSH).size());
  }

  @Test
  void aFlushThatFailsIsReportedByTheFirstClose() throws Exception {
    rig = new Rig(folder, Rig.memory());
    rig.device.setOutcome(r -> Status.EIO);
    assertThrows(IOException.class, rig.server::close);
    rig.server.close();
    assertEquals(Frontend.State.FAILED, rig.server.state());
    assertFalse(Files.exists(rig.socket));
    assertThrows(BlockDeviceException.Failed.class, rig.server::awaitClose);
    rig.log.forget();
  }

  @Test
  void closingTwiceAndTogetherIsHarmless() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      client.queue(0).flush();
      CompletableFuture<Void> one = closing();
      CompletableFuture<Void> two = closing();
      one.get(10, TimeUnit.SECONDS);
      two.get(10, TimeUnit.SECONDS);
      rig.server.close();
      rig.server.awaitClose();
    }
  }

  @Test
  void anInterruptionDoesNotCutClosingShort() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      hold(client, 1, false);
      boolean[] stillInterrupted = new boolean[1];
      Thread closer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      rig.server.close();
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                    stillInterrupted[0] = Thread.currentThread().isInterrupted();
                  });
      Thread.sleep(50);
      closer.interrupt();
      Thread.sleep(100);
      assertTrue(closer.isAlive());
      rig.device.release();
      closer.join();
      assertTrue(stillInterrupted[0]);
      assertEquals(Frontend.State.CLOSED, rig.server.state());
    }
  }

  @Test
  void theStateFollowsTheFrontend() throws Exception {
    start();
    assertEquals(Frontend.State.LISTENING, rig.server.state());
    try (VhostBlkClient client = rig.connect()) {
      client.queue(0).flush();
      assertEquals(Frontend.State.SERVING, rig.server.state());
    }
    Await.until(() -> rig.server.state() == Frontend.State.LISTENING);
    rig.server.close();
    assertEquals(Frontend.State.CLOSED, rig.server.state());
  }

  @Test
  void aDeviceThatFailsForGoodEndsTheServer() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect()) {
      client.queue(0).flush();
      rig.device.fail(new BlockDeviceException.Io("lost", Status.EIO));
      assertTrue(client.frontend().connection().awaitClosed(LONG));
    }
    BlockDeviceException.Failed failed =
        assertThrows(BlockDeviceException.Failed.class, rig.server::awaitClose);
    assertEquals("lost", Objects.requireNonNull(failed.getCause()).getMessage());
    assertEquals(Frontend.State.FAILED, rig.server.state());
    rig.log.forget();
  }

  @Test
  void aDeviceThatThrowsLosesItsRingAndNothingElse() throws Exception {
    start();
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(2, 64))) {
      rig.device.setThrowing(true);
      client.queue(0).async().submitFlush(1);
      client.queue(0).async().kick();
      assertTrue(client.error(0).await(LONG));
      rig.device.setThrowing(false);
      client.queue(1).flush();
      client.stop(0);
      client.queue(1).write(0, new byte[512]);
    }
    rig.log.forget();
    rig.assertServes();
  }

  @Test
  void manySessionsLeaveNothingBehind() throws Exception {
    start();
    for (int i = 0; i < 5; i++) {
      visit(i);
    }
    rig.settle();
    var descriptors = Processes.descriptors();
    var threads = Processes.threads();
    long mappings = Processes.guestMappings();
    for (int i = 0; i < 100; i++) {
      visit(i);
    }
    Await.until(() -> Processes.descriptors().equals(descriptors));
    assertEquals(threads, Processes.threads());
    Await.until(() -> Processes.guestMappings() == mappings);
    assertEquals(0, rig.device.openChannels());
  }

  /** A frontend that hands over everything there is, and leaves in one of many ways. */
  private void visit(int how) throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withQueues(2, 32))) {
      client.queue(0).write(0, new byte[512]);
      client.frontend().setMemory(client.memory());
      client.frontend().ring(0).setError(client.error(1));
      client.frontend().openBackendChannel().close();
      switch (how % 6) {
        case 0 -> client.stop(0);
        case 1 -> client.frontend().resetOwner();
        case 2 -> hold(client, 4, false);
        case 3 -> client.frontend().connection().sendBytes(new byte[] {1, 2, 3});
        case 4 -> client.frontend().connection().sendBytes(new byte[12]);
        default -> client.queue(1).flush();
      }
    }
    rig.device.hold(r -> false);
  }

  @Test
  void serversThatStartAndCloseLeaveNothingBehind() throws Exception {
    start();
    startAndClose(0);
    rig.settle();
    var descriptors = Processes.descriptors();
    for (int i = 0; i < 30; i++) {
      startAndClose(i);
    }
    Await.until(() -> Processes.descriptors().equals(descriptors));
  }

  private void startAndClose(int how) throws Exception {
    Path socket = folder.resolve("other.sock");
    VhostUserBlk other = VhostUserBlk.serve(rig.device).at(socket).reactors(rig.group).start();
    if (how % 2 == 0) {
      try (VhostBlkClient client = VhostBlkClient.connect(socket)) {
        client.queue(0).flush();
        other.close();
      }
    }
    other.close();
    assertArrayEquals(new String[] {"disk.sock"}, folder.toFile().list());
  }
}
