package io.ubiblk.api;

/** A timer of a {@link Reactor}. Confined to the reactor's thread. */
public interface ReactorTimer {

  /**
   * Sets the timer, in place of any earlier setting.
   *
   * @param deadlineNanos when to run the work, on the clock of {@link Reactor#nanoTime()}; a time
   *     that has passed means soon, but never from inside this call
   */
  void set(long deadlineNanos);

  /** Unsets the timer. One that is not set is left alone. */
  void cancel();
}
