package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.ForbiddenRings;
import io.ubiblk.testkit.LoopDriver;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Where io_uring is forbidden, as in most containers, epoll takes its place. */
class FallbackTest {

  private static <T> T withoutRings(Callable<T> work) throws Exception {
    return without(ForbiddenRings.Call.IO_URING_SETUP, work);
  }

  private static <T> T without(ForbiddenRings.Call call, Callable<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(() -> ForbiddenRings.onThisThread(call) ? work.call() : null);
    Thread.ofPlatform().start(task);
    T result = task.get();
    assumeTrue(result != null, "the kernel takes no seccomp filter");
    return result;
  }

  @Test
  void epollTakesThePlaceOfAForbiddenRing() throws Exception {
    String kind =
        withoutRings(
            () -> {
              try (EventLoop loop = ReactorOptions.of(1).openLoop()) {
                return loop.toString();
              }
            });
    assertEquals("EpollReactor", kind);
  }

  @Test
  void epollTakesThePlaceOfARingThatMayBeOpenedAndNotEntered() throws Exception {
    String kind =
        without(
            ForbiddenRings.Call.IO_URING_ENTER,
            () -> {
              try (EventLoop loop = ReactorOptions.of(1).openLoop()) {
                return loop.toString();
              }
            });
    assertEquals("EpollReactor", kind);
  }

  @Test
  void epollWorksWhereItsNewestCallIsForbidden() throws Exception {
    int seen =
        without(
            ForbiddenRings.Call.EPOLL_PWAIT2,
            () -> {
              try (IoReactor loop = (IoReactor) Loops.epoll();
                  EventFd event = EventFd.open()) {
                int[] events = new int[1];
                loop.watch(event.fd(), () -> events[0]++);
                for (int i = 1; i <= 10; i++) {
                  int expected = i;
                  event.signal();
                  new LoopDriver(loop).until(() -> events[0] == expected, () -> "event");
                }
                long end = System.nanoTime() + 20_000_000;
                int waits = 0;
                while (System.nanoTime() - end < 0) {
                  loop.await(20_000_000);
                  waits++;
                }
                assertTrue(waits < 10, waits + " waits for 20 ms");
                return events[0];
              }
            });
    assertEquals(10, seen);
  }

  @Test
  void whoInsistsOnARingIsToldWhyThereIsNone() throws Exception {
    BlockDeviceException e =
        withoutRings(
            () ->
                assertThrows(
                    BlockDeviceException.Unsupported.class,
                    () -> ReactorOptions.of(1).withKind(ReactorOptions.Kind.RING).openLoop()));
    assertTrue(e.toString().contains("EPERM"), e.getMessage());
  }

  @Test
  void aRingIsTakenWhereItIsAllowed() throws Exception {
    try (EventLoop loop = ReactorOptions.of(1).openLoop()) {
      assertEquals("RingReactor", loop.toString());
    }
  }
}
