package io.ubiblk.nbd.session;

/** What a connection is doing. Confined to the reactor's thread. */
interface Phase {

  /**
   * Bytes have arrived where the phase wanted them.
   *
   * @param count number of bytes, at least 1
   */
  void received(int count);

  /** What the phase was sending has been sent. */
  void sent();

  /** The client will send no more. */
  void clientFinished();

  /** The server is about to end: finish what is in flight, then close the connection. */
  void end();

  /**
   * The connection is being closed: stop.
   *
   * @param onStopped run on the reactor's thread, never from inside this call, when no memory of
   *     the phase is used any more but by the wire
   */
  void stop(Runnable onStopped);

  /** Gives memory and device back, after {@link #stop} and the end of the wire. */
  void release();
}
