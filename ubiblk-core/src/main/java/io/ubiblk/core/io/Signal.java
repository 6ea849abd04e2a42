package io.ubiblk.core.io;

/**
 * The way to wake another process through an eventfd. Confined to the reactor's thread.
 *
 * <p>The other process may have filled the counter, or handed over something that is no eventfd:
 * the reactor never blocks on it.
 */
public interface Signal {

  /**
   * Adds one to the counter, by the end of the reactor's turn at the latest. Calls that come before
   * that are merged. What the caller stored before the call is visible to whoever is woken.
   */
  void raise();

  /**
   * Gives the signal up in order: what was raised reaches the other process first, unless that
   * takes longer than a while. May be followed by {@link #close}, which ends the wait. To be called
   * once.
   *
   * @param onFinished run on the reactor's thread, possibly from inside this call, when the signal
   *     has been closed
   */
  void finish(Runnable onFinished);

  /** Gives the signal up; one that is still under way is cancelled. Closing twice has no effect. */
  void close();
}
