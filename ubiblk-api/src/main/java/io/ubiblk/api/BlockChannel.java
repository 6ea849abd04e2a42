package io.ubiblk.api;

/**
 * One thread's access to a {@link BlockDevice}: asynchronous, batched, tagged.
 *
 * <p><b>Thread.</b> A channel is confined to the thread of the {@link Reactor} that it was opened
 * on. Calls from elsewhere are refused where assertions are enabled, and undefined otherwise.
 *
 * <p><b>Completion.</b> Each request method returns whether the channel accepted the request. A
 * request that was accepted ends in exactly one call of the channel's {@link CompletionHandler},
 * with the request's tag and a {@link Status}, on the reactor's thread and never from inside a call
 * of the channel. Tags are opaque to the channel and need not be unique. The handler may issue
 * further requests.
 *
 * <p><b>Back-pressure.</b> A request that was not accepted has had no effect and will have no
 * completion. That happens only when at least as many requests are in flight as the depth that the
 * channel was opened with, or when the channel has been closed.
 *
 * <p><b>Batching.</b> Nothing need be started before {@link #submit()}. Requests may be started
 * earlier.
 *
 * <p><b>Memory.</b> Data travels in {@linkplain ScatterList scatter lists} of native memory. The
 * list and the memory that it names belong to the channel from the call to the completion: the
 * caller neither changes nor frees them. The channel never writes to the memory of a write request,
 * writes nothing outside the memory of a read request, and keeps neither list nor memory after the
 * completion. The memory of a read that failed holds undefined content. Memory may have any
 * alignment; {@link Geometry#memoryAlignment()} says which one is fastest.
 *
 * <p><b>Refusals.</b> A request that the device cannot serve completes with an error and touches
 * nothing: {@link Status#EINVAL} for a range that is negative, overflows, ends behind the device,
 * is not a multiple of the logical block size or is longer than the largest transfer, and for flags
 * that the operation does not know; {@link Status#EROFS} for a change to a device without {@link
 * Capability#WRITE}; {@link Status#EOPNOTSUPP} for what the capabilities do not list. A request of
 * length zero inside the device succeeds. Errors of the device come out as the errno that caused
 * them, and the next request is served as if nothing had happened. {@link Geometry#check} is the
 * one place that decides about ranges, {@link IoFlags#checkWrite} and {@link
 * IoFlags#checkWriteZeroes} those that decide about flags.
 *
 * <p><b>Zero cost.</b> No method allocates in steady state, blocks or takes a lock.
 *
 * @see BlockDevice for durability and ordering
 */
public interface BlockChannel {

  /**
   * Reads into memory.
   *
   * @param offset position on the device in bytes
   * @param dst memory to fill; its total size is the length of the request in bytes
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean read(long offset, ScatterList dst, long tag);

  /**
   * Writes from memory.
   *
   * @param offset position on the device in bytes
   * @param src memory to write; its total size is the length of the request in bytes
   * @param flags 0 or a combination of {@link IoFlags#FUA} and {@link IoFlags#BYPASS_CACHE}
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean write(long offset, ScatterList src, int flags, long tag);

  /**
   * Makes every write durable that completed before this call, on whichever channel of the device.
   * Always possible: where there is nothing to do, it succeeds.
   *
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean flush(long tag);

  /**
   * Declares that the content of a range is no longer needed. The storage may be freed. What the
   * range reads as afterwards is undefined, but it is never content of another range, and it stays
   * the same until the range is written again.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes; not bound by the largest transfer
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean discard(long offset, long length, long tag);

  /**
   * Makes a range read as zeros.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes; not bound by the largest transfer
   * @param flags 0 or a combination of {@link IoFlags#FUA} and {@link IoFlags#NO_UNMAP}
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean writeZeroes(long offset, long length, int flags, long tag);

  /**
   * Asks for a range to be brought near, for example from a remote source into the local storage of
   * a lazily filled device. A hint: a device that has nothing to bring succeeds at once. Completes
   * when the range has arrived, or with the error that prevented it.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes; not bound by the largest transfer
   * @param tag handed to the completion handler
   * @return whether the request was accepted
   */
  boolean prefetch(long offset, long length, long tag);

  /**
   * Starts what was accepted and not started yet: it is under way by the end of the reactor's
   * present turn at the latest.
   */
  void submit();

  /**
   * Closes the channel: it accepts no further requests. Those that are only waiting inside the
   * device complete with {@link Status#ECANCELED}, those under way as they would have. Closing
   * twice has no further effect but that both callbacks run.
   *
   * @param onClosed run on the reactor's thread, never from inside this call, after the last
   *     completion was delivered and when the channel touches no memory of its requests any more
   */
  void close(Runnable onClosed);
}
