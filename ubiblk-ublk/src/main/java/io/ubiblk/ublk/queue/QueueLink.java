package io.ubiblk.ublk.queue;

/**
 * A queue's way to its driver. Confined to the queue's reactor. Each call ends in one completion
 * for the tag, when there is a request or when the device goes away, which may be never.
 */
public interface QueueLink {

  /**
   * Fetches a request.
   *
   * @param tag number of the request
   * @param address address of its buffer
   */
  void fetch(int tag, long address);

  /**
   * Commits the result of a request, and fetches the next one.
   *
   * @param tag number of the request
   * @param address address of the buffer
   * @param result bytes transferred, or a negative errno
   */
  void commit(int tag, long address, int result);

  /** Closes the link. Nothing may be fetched. */
  void close();
}
