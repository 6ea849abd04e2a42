package io.ubiblk.api;

import java.util.concurrent.Executor;

/**
 * One thread, one loop: the place where channels live and completions are delivered.
 *
 * <p>A device uses a reactor to get work done on its channel's thread: later in the same loop
 * ({@link #task}), at a time ({@link #timer}), from another thread ({@link #task}, {@link
 * #execute}). Work that blocks goes to {@link #blocking()}. Time and scheduling are the reactor's:
 * a simulated reactor runs the same device in virtual time, so a device asks nobody else what time
 * it is and starts no thread of its own.
 *
 * <p>Whatever runs on the reactor must not block: everything else on this thread waits for it.
 */
public interface Reactor {

  /** {@return whether the calling thread is this reactor's} */
  boolean inReactor();

  /**
   * Returns the reactor's clock: monotonic, with an arbitrary origin, comparable only with values
   * of the same reactor. On the reactor's thread it is the time at which the present turn began, so
   * that asking costs nothing.
   *
   * @return time in nanoseconds
   */
  long nanoTime();

  /**
   * Runs something once on the reactor's thread, never from inside this call. May be called from
   * any thread. Allocates; work that recurs has a {@link #task} of its own.
   *
   * @param work what to run; work from one thread runs in the order of the calls
   * @throws java.util.concurrent.RejectedExecutionException if the reactor has been closed
   */
  void execute(Runnable work);

  /**
   * Creates a task: work that is scheduled again and again without allocation.
   *
   * @param work run on the reactor's thread
   * @return the task, not scheduled
   */
  ReactorTask task(Runnable work);

  /**
   * Creates a timer.
   *
   * @param work run on the reactor's thread each time that the timer expires
   * @return the timer, not set
   */
  ReactorTimer timer(Runnable work);

  /**
   * Returns where to run work that may block, such as a {@link StripeSource#read}. Each piece of
   * work gets a thread (a virtual one) of its own, and reports back through a task or {@link
   * #execute}.
   *
   * @return an executor that may be used from any thread
   */
  Executor blocking();
}
