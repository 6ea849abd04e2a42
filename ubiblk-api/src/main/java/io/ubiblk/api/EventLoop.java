package io.ubiblk.api;

/**
 * A {@link Reactor} as seen by the thread that drives it. Which thread that is, and how it idles,
 * is the owner's choice; the loop belongs to the thread that opened it, and all methods but those
 * of {@link Reactor} may be called only there.
 */
public interface EventLoop extends Reactor, AutoCloseable {

  /**
   * Runs one turn: submits what is queued, delivers what has completed, runs the tasks that are
   * scheduled and the timers that have expired. Does not wait for anything.
   *
   * @return how much was done; 0 means that there was nothing to do
   */
  int turn();

  /**
   * Waits until there may be something to do in the next turn. A simulated loop does not wait: its
   * clock jumps to the next event.
   *
   * @param maxNanos longest time to wait in nanoseconds
   */
  void await(long maxNanos);

  /**
   * Releases the loop's resources. Channels must have been closed. Work that has not run by now is
   * dropped. Closing twice has no effect.
   */
  @Override
  void close();
}
