package io.ubiblk.api;

/**
 * Receives the outcome of every request that a {@link BlockChannel} accepted.
 *
 * <p>Called on the thread of the reactor that the channel was opened on, never from inside a call
 * of the channel. It may issue further requests, and it should neither block nor throw: what it
 * throws ends the reactor's turn and is logged.
 */
@FunctionalInterface
public interface CompletionHandler {

  /**
   * A request is over.
   *
   * @param tag the tag that the request was issued with
   * @param status {@link Status#OK} or a positive errno
   */
  void completed(long tag, int status);
}
