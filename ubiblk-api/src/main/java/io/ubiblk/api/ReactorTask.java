package io.ubiblk.api;

/** Recurring work of a {@link Reactor}. */
public interface ReactorTask {

  /**
   * Sees to it that the work runs on the reactor's thread, soon but never from inside this call.
   * Calls made before that run begins are merged into one; what the caller wrote before the call is
   * visible to the run. May be called from any thread; neither allocates nor blocks. Has no effect
   * once the reactor has been closed.
   */
  void schedule();
}
