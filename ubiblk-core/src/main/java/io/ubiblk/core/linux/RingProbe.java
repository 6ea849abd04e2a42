package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;

/**
 * Finds out whether a ring that could be opened can be used. A container may allow the set-up and
 * forbid what follows, and a poll that reports again and again came two versions after the rest
 * (Linux 5.13). No flag tells.
 */
final class RingProbe {

  private static final long LONGEST_NANOS = 1_000_000_000L;
  private static final long POLL = 1;
  private static final long CANCELLATION = 2;

  private RingProbe() {}

  /**
   * Watches a descriptor that is readable, and stops watching. Leaves the ring empty.
   *
   * @throws BlockDeviceException.Unsupported if that does not work
   * @throws BlockDeviceException.Io if there is no descriptor to try it with
   */
  static void check(IoUring ring) throws BlockDeviceException {
    try (EventFd event = EventFd.open()) {
      event.signal();
      ring.submissions().pollReadable(event.fd(), POLL);
      await(ring);
      CompletionQueue completions = ring.completions();
      int result = completions.result();
      boolean more = (completions.flags() & CompletionQueue.MORE) != 0;
      completions.advance();
      if (result < 0 || !more) {
        throw new BlockDeviceException.Unsupported(
            "io_uring of this kernel is too old: it does not watch descriptors (Linux 5.13)");
      }
      cancel(ring);
    } catch (IllegalStateException forbidden) {
      throw new BlockDeviceException.Unsupported(
          "io_uring is not available: " + forbidden.getMessage());
    }
  }

  /** Until the cancellation and the last report have come, in whichever order. */
  private static void cancel(IoUring ring) throws BlockDeviceException.Unsupported {
    ring.submissions().cancel(POLL, CANCELLATION);
    boolean cancelled = false;
    boolean over = false;
    while (!cancelled || !over) {
      await(ring);
      CompletionQueue completions = ring.completions();
      if (completions.userData() == CANCELLATION) {
        cancelled = true;
      } else {
        over = (completions.flags() & CompletionQueue.MORE) == 0;
      }
      completions.advance();
    }
  }

  private static void await(IoUring ring) throws BlockDeviceException.Unsupported {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    while (ring.completions().available() == 0) {
      ring.submitAndWait(LONGEST_NANOS);
      if (ring.completions().available() == 0 && System.nanoTime() - deadline > 0) {
        throw new BlockDeviceException.Unsupported(
            "io_uring is not available: an operation did not complete");
      }
    }
  }
}
