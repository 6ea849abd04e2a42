package io.ubiblk.ublk.queue;

import org.jspecify.annotations.Nullable;

/**
 * A queue's way to its driver. Confined to the queue's reactor. Each call ends in one completion
 * for the tag, when there is a request or when the device goes away, which may be never.
 */
public interface QueueLink {

  /**
   * Fetches a request.
   *
   * @param tag number of the request
   * @param address address of its buffer, into which the driver copies unless there are {@link
   *     #pages}
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

  /** {@return where the requests' data is if the driver does not copy it to the server, or null} */
  default @Nullable KernelPages pages() {
    return null;
  }

  /** Closes the link. Nothing may be fetched. */
  void close();
}
