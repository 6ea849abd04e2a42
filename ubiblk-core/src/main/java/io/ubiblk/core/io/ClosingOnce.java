package io.ubiblk.core.io;

import java.io.IOException;

/**
 * How a device gives up what it holds: once, by whoever closes it first; others wait until that is
 * done. Thread-safe.
 */
public final class ClosingOnce {

  /** What closes. */
  @FunctionalInterface
  public interface Closing {
    /**
     * Closes.
     *
     * @throws IOException if something could not be closed; it is not tried again
     */
    void run() throws IOException;
  }

  private boolean done;

  /** Creates the state of a device that is open. */
  public ClosingOnce() {}

  /**
   * Closes, unless that was done before.
   *
   * @param closing what to do; if it throws {@link IllegalStateException}, the device stays open
   *     and closing again tries again
   * @throws IOException if something could not be closed
   */
  public synchronized void run(Closing closing) throws IOException {
    if (done) {
      return;
    }
    done = true;
    try {
      closing.run();
    } catch (IllegalStateException staysOpen) {
      done = false;
      throw staysOpen;
    }
  }
}
