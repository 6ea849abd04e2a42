package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;

/**
 * The bytes of a connection, plain or through TLS. Confined to the reactor's thread. One receipt
 * and one sending may be in flight at a time; lists and memory belong to the wire meanwhile.
 */
interface Wire {

  /** Receives what a wire does. Called on the reactor's thread, never from inside a call. */
  interface Handler {
    /**
     * A receipt is over.
     *
     * @param result number of bytes; 0 if the other end sends no more; or a negative errno
     */
    void received(int result);

    /**
     * A sending is over.
     *
     * @param result 0 if everything was sent, or a negative errno
     */
    void sent(int result);
  }

  /** Says who receives the outcomes from now on. */
  void setHandler(Handler handler);

  /** Receives at least one byte, once there is one, and at most what the list holds. */
  void receive(ScatterList list);

  /** Sends a whole list, which is not empty. */
  void send(ScatterList list);

  /**
   * Ends the connection. What is in flight may still be reported. To be called once.
   *
   * @param onClosed run on the reactor's thread, never from inside this call, when the wire touches
   *     no memory any more
   */
  void close(Runnable onClosed);
}
