package io.ubiblk.nbd;

import java.util.concurrent.Callable;

/** Waits for what another thread does. */
final class Await {

  private static final long MOST_NANOS = 20_000_000_000L;

  private Await() {}

  /** Waits until a condition holds, and fails if it does not within twenty seconds. */
  static void until(Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + MOST_NANOS;
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("nothing happened for twenty seconds");
      }
      Thread.sleep(1);
    }
  }
}
