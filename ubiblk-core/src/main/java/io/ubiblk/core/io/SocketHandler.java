package io.ubiblk.core.io;

/** Receives the completions of a {@link SocketPort}, on the reactor's thread. */
public interface SocketHandler {

  /**
   * A receipt is over.
   *
   * @param result number of bytes received; 0 if the other end sends no more; or a negative errno
   */
  void received(int result);

  /**
   * A sending is over.
   *
   * @param result number of bytes that were taken, which may be fewer than asked for; or a negative
   *     errno
   */
  void sent(int result);
}
