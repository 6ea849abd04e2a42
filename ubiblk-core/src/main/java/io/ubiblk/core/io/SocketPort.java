package io.ubiblk.core.io;

import io.ubiblk.api.ScatterList;

/**
 * A connected socket as its reactor serves it. Confined to the reactor's thread.
 *
 * <p>One receipt and one sending may be in flight at a time. Each ends in one call of the port's
 * {@link SocketHandler}, never from inside a call of the port. List and memory belong to the port
 * from the call to the completion. Either may fail with {@code EAGAIN} or {@code EINTR}: whoever
 * issued it tries again.
 */
public interface SocketPort {

  /** The most pieces of a list that are used at once; the rest is left for the next call. */
  int MOST_PIECES = 256;

  /**
   * Receives as many bytes as there are, at least one, once there are some.
   *
   * @param list memory to fill from its beginning; not empty
   */
  void receive(ScatterList list);

  /**
   * Sends a part of a list, from a position to its end.
   *
   * @param list memory to send
   * @param position first byte to send, counted from the start of the list
   */
  void send(ScatterList list, long position);

  /**
   * Ends the connection: what is in flight completes soon, if with an error, and the socket is
   * closed. Bytes that were taken are still delivered. To be called once.
   *
   * @param onClosed run on the reactor's thread, never from inside this call, when the port touches
   *     no memory any more and the descriptor has been given up
   */
  void close(Runnable onClosed);
}
