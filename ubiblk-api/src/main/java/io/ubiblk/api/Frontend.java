package io.ubiblk.api;

import java.io.IOException;

/**
 * Serves a {@link BlockDevice} over a protocol, from the moment that its builder started it until
 * it is closed. A frontend uses the device and does not own it: several may serve one device at a
 * time, and closing a frontend leaves the device open.
 *
 * <p>All methods may be called from any thread but a reactor's.
 */
public interface Frontend extends AutoCloseable {

  /** Where a frontend is in its life. */
  enum State {
    /** Waiting for a client. */
    LISTENING,
    /** Serving at least one client. */
    SERVING,
    /** No longer takes requests; finishing those in flight. */
    CLOSING,
    /** Closed as asked. */
    CLOSED,
    /** Ended by an error of its own, such as a device that failed for good. */
    FAILED
  }

  /**
   * {@return where the frontend is in its life; {@link State#CLOSED} and {@link State#FAILED} are
   * final}
   */
  State state();

  /**
   * Waits until the frontend has ended.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws BlockDeviceException.Failed if the frontend ended by an error
   */
  void awaitClose() throws InterruptedException, BlockDeviceException.Failed;

  /**
   * Ends the frontend in order: takes no further requests, lets those in flight finish, makes what
   * was written durable, releases channels and sockets, and returns when all that is done. Closing
   * twice has no effect.
   *
   * @throws IOException if what was written could not be made durable; the frontend is closed all
   *     the same
   */
  @Override
  void close() throws IOException;
}
