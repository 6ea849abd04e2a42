package io.ubiblk.core.reactor;

/**
 * Decides how long a loop that has run out of work keeps looking for more before it waits in the
 * kernel.
 *
 * <p>Being woken costs more than a short look, so looking pays if work usually comes soon, and
 * burns a processor if it does not. The window follows what happened: it doubles when work came
 * after the window had ended but within the limit, and is halved when work took longer than the
 * limit.
 */
final class PollingBudget {

  private static final long FIRST_WINDOW_NANOS = 4_000;

  private final long limitNanos;
  private long windowNanos;

  /**
   * Creates a budget that begins with the whole limit.
   *
   * @param limitNanos the longest window in nanoseconds; 0 never polls
   */
  PollingBudget(long limitNanos) {
    this.limitNanos = limitNanos;
    this.windowNanos = limitNanos;
  }

  /** How long to look, in nanoseconds. */
  long window() {
    return windowNanos;
  }

  /** Takes note that work came after an idle time of so many nanoseconds. */
  void workCameAfter(long idleNanos) {
    if (idleNanos > limitNanos) {
      windowNanos /= 2;
      if (windowNanos < FIRST_WINDOW_NANOS) {
        windowNanos = 0;
      }
    } else if (idleNanos > windowNanos) {
      windowNanos = Math.min(limitNanos, Math.max(FIRST_WINDOW_NANOS, windowNanos * 2));
    }
  }
}
