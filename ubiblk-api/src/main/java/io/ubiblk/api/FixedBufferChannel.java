package io.ubiblk.api;

import org.jspecify.annotations.Nullable;

/**
 * A channel that may also transfer to and from <em>fixed buffers</em>: memory that has been
 * registered with the reactor, is known by a number, and need not be visible to this process. A
 * frontend whose client's memory is the kernel's saves a copy in this way.
 *
 * <p>Only a channel that does not look at data can offer this: one that stores it, or one that
 * passes it on unchanged. {@link ForwardingBlockChannel} does not offer it, so that a layer which
 * changes data and overrides the reads and writes that it knows of is never bypassed.
 *
 * <p>What {@link BlockChannel} says of requests holds for these, but for one thing: a request that
 * was not accepted may be one that cannot be served in this way, though it can with memory. So
 * whoever is refused makes the same request with {@link BlockChannel#read} or {@link
 * BlockChannel#write}, which say whether the channel takes it at all. The same goes for one that
 * completes with {@link Status#EINVAL}, {@link Status#EFAULT} or {@link Status#EOPNOTSUPP}: the
 * memory may have lain in a way that the storage does not take.
 *
 * <p>The buffer belongs to the channel from the call to the completion, and the data is at its
 * beginning.
 */
public interface FixedBufferChannel extends BlockChannel {

  /**
   * Returns whether requests with fixed buffers can be accepted at all. Stays the same for the
   * channel's life.
   *
   * @return whether to try
   */
  boolean takesFixedBuffers();

  /**
   * Reads into a fixed buffer.
   *
   * @param offset position on the device in bytes
   * @param buffer number of the buffer
   * @param length length in bytes
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean readFixed(long offset, int buffer, long length, long tag);

  /**
   * Writes from a fixed buffer.
   *
   * @param offset position on the device in bytes
   * @param buffer number of the buffer
   * @param length length in bytes
   * @param flags as for {@link BlockChannel#write}
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean writeFixed(long offset, int buffer, long length, int flags, long tag);

  /**
   * Returns a channel as one that takes fixed buffers.
   *
   * @param channel any channel
   * @return the same channel, or null if it does not take them
   */
  static @Nullable FixedBufferChannel of(BlockChannel channel) {
    return channel instanceof FixedBufferChannel fixed && fixed.takesFixedBuffers() ? fixed : null;
  }
}
