package io.ubiblk.core.io;

import java.io.IOException;

/** Waits for things that cannot be given up half-way, and keeps an interruption for later. */
public final class Uninterrupted {

  /**
   * Something that waits.
   *
   * @param <T> what it waits for
   */
  @FunctionalInterface
  public interface Waiting<T> {
    /**
     * Waits; called again after an interruption.
     *
     * @return what was waited for
     * @throws IOException if that is what came
     * @throws InterruptedException if the thread was interrupted
     */
    T await() throws IOException, InterruptedException;
  }

  private Uninterrupted() {}

  /**
   * Waits. If the thread is interrupted meanwhile, it is so again on return.
   *
   * @param <T> what is waited for
   * @param waiting waits
   * @return what was waited for
   * @throws IOException if that is what came
   */
  public static <T> T await(Waiting<T> waiting) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return waiting.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
