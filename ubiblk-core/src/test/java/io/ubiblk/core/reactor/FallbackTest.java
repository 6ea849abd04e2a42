package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.linux.ForbiddenRings;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Where io_uring is forbidden, as in most containers, epoll takes its place. */
class FallbackTest {

  private static <T> T withoutRings(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(() -> ForbiddenRings.onThisThread() ? work.call() : null);
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
