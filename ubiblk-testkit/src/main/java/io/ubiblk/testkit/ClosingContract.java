package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} about closing channels and devices. */
public interface ClosingContract extends BlockDeviceFixture {

  /**
   * Requests in flight when a channel is closed complete exactly once each before the channel has
   * closed, whether they were submitted and however far they had come.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void requestsInFlightCompleteBeforeTheChannelHasClosed() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      List<ScatterList> data = rig.blocks(32);
      List<Operation> kinds = List.of(Operation.values());
      for (int turns = 0; turns < 6; turns++) {
        for (int submitted : new int[] {0, 16, 32}) {
          ChannelDriver channel = rig.channel(32);
          List<IoRequest> requests = new ArrayList<>();
          for (int i = 0; i < 32; i++) {
            Operation operation = kinds.get(i % kinds.size());
            long offset = (long) i * rig.block();
            requests.add(channel.issue(IoRequest.of(operation, offset, data.get(i))));
            if (i + 1 == submitted) {
              channel.submit();
            }
          }
          for (int i = 0; i < turns; i++) {
            rig.driver().loop().turn();
          }
          boolean[] open = new boolean[1];
          channel.closeLater(
              () -> open[0] = requests.stream().anyMatch(request -> !request.isDone()));
          assertFalse(channel.isClosed(), "closed from inside close");
          channel.close();
          assertFalse(open[0], "closed before the last completion");
          rig.driver().settle();
          channel.check();
        }
      }
    }
  }

  /**
   * Closing a channel twice runs both callbacks, also when it has closed already.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingAChannelTwiceRunsBothCallbacks() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(2);
      channel.issue(IoRequest.read(0, rig.memory(rig.block())));
      channel.submit();
      int[] callbacks = new int[1];
      channel.closeLater(() -> callbacks[0]++);
      channel.closeLater(() -> callbacks[0]++);
      assertEquals(0, callbacks[0], "called back from inside close");
      channel.until(() -> callbacks[0] == 2, "both callbacks of closing twice");
      channel.closeLater(() -> callbacks[0]++);
      assertEquals(2, callbacks[0], "called back from inside close");
      channel.until(() -> callbacks[0] == 3, "the callback of closing a closed channel");
      rig.driver().settle();
      assertEquals(3, callbacks[0], "callbacks");
    }
  }

  /**
   * A closed channel accepts nothing, neither while it closes nor afterwards, and submitting does
   * no harm.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closedChannelAcceptsNothing() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(16);
      List<ScatterList> data = rig.blocks(2);
      channel.issue(IoRequest.read(0, data.getFirst()));
      channel.submit();
      channel.closeLater(() -> {});
      for (int i = 0; i < 2; i++) {
        for (Operation operation : Operation.values()) {
          assertFalse(
              channel.offer(IoRequest.of(operation, 0, data.getLast())), operation::toString);
        }
        channel.submit();
        channel.close();
      }
      rig.driver().settle();
      channel.check();
      rig.expectBase(rig.channel(1), 0, 2L * rig.block());
    }
  }

  /**
   * A channel may be closed by the handler of a completion, while other requests are in flight.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void handlersMayCloseTheChannel() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(8);
      List<ScatterList> data = rig.blocks(8);
      boolean[] called = new boolean[1];
      for (int i = 0; i < 8; i++) {
        IoRequest read = IoRequest.read((long) i * rig.block(), data.get(i));
        channel.issue(
            read.then(
                _ -> {
                  if (!called[0]) {
                    called[0] = true;
                    channel.closeLater(() -> {});
                  }
                }));
      }
      channel.submit();
      channel.until(channel::isClosed, "the channel to close");
      assertEquals(0, channel.inFlight());
    }
  }

  /**
   * Closing one channel leaves the other ones alone.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingAChannelLeavesTheOthersOpen() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver closed = rig.channel(4);
      ChannelDriver open = rig.channel(4);
      open.issue(IoRequest.read(0, rig.memory(rig.block())));
      open.submit();
      closed.close();
      open.awaitAll();
      assertEquals(Status.OK, open.flush());
      rig.expectBase(open, 0, rig.block());
    }
  }

  /**
   * A device with a channel that nobody has closed refuses to close and stays usable; afterwards it
   * closes, also twice, and opens no channel any more.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void deviceWithAnOpenChannelRefusesToClose() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      IoRequest read = channel.issue(IoRequest.read(0, rig.memory(rig.block())));
      assertThrows(IllegalStateException.class, () -> rig.driver().run(rig.device()::close));
      channel.submit();
      assertEquals(Status.OK, channel.await(read));
      rig.expectBase(rig.channel(2), 0, 4L * rig.block());
    }
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      channel.close();
      rig.driver().run(rig.device()::close);
      rig.driver().run(rig.device()::close);
      assertThrows(BlockDeviceException.Closed.class, () -> rig.channel(1));
    }
  }

  /**
   * A device that has been closed neither grows nor tells what it holds.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closedDeviceRefusesToGrowAndToReportExtents() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      long size = rig.size();
      rig.driver().run(rig.device()::close);
      for (long wanted : new long[] {size, 2 * size}) {
        assertThrows(
            BlockDeviceException.Closed.class,
            () -> rig.driver().run(() -> rig.device().resize(wanted)),
            () -> "resize of " + size + " bytes to " + wanted);
      }
      assertThrows(
          BlockDeviceException.Closed.class,
          () ->
              rig.driver()
                  .run(() -> rig.device().extents(0, size, (offset, length, flags) -> true)));
      assertEquals(size, rig.size());
    }
  }

  /**
   * Closing a device waits for channels that are closing, with requests in flight.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingADeviceWaitsForItsChannels() throws Exception {
    assumeTrue(multiThreaded(), "bound to one thread");
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(8);
      for (ScatterList data : rig.blocks(8)) {
        channel.issue(IoRequest.read(0, data));
      }
      channel.submit();
      channel.closeLater(() -> {});
      FutureTask<Boolean> closing =
          new FutureTask<>(
              () -> {
                rig.device().close();
                return true;
              });
      Thread thread = Thread.ofPlatform().name("testkit-close").start(closing);
      // The loop stands still, so that no completion can come.
      awaitStandstill(thread);
      int left = channel.inFlight();
      assertFalse(
          closing.isDone() && left > 0, () -> "closed with %d requests in flight".formatted(left));
      rig.driver().call(closing::get);
      assertEquals(0, channel.inFlight(), "requests in flight on a device that has closed");
      channel.close();
    }
  }

  /** Waits until a thread waits or has ended; for one that does neither, a moment. */
  private static void awaitStandstill(Thread thread) throws InterruptedException {
    for (int i = 0; i < 500; i++) {
      switch (thread.getState()) {
        case WAITING, TIMED_WAITING, TERMINATED -> {
          return;
        }
        case NEW, RUNNABLE, BLOCKED -> Thread.sleep(1);
      }
    }
  }
}
