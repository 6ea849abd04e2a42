package io.ubiblk.api;

/**
 * What was done of one kind of request since the device was opened. The numbers never fall.
 *
 * @param completed requests that succeeded
 * @param failed requests that ended with an error
 * @param bytes bytes that the successful requests covered
 * @param latency time from the call to the completion, successful and failed requests alike
 */
public record OperationStatistics(
    long completed, long failed, long bytes, LatencyHistogram latency) {

  /** Nothing done. */
  public static final OperationStatistics NONE =
      new OperationStatistics(0, 0, 0, LatencyHistogram.EMPTY);

  /**
   * Returns the sum of two statistics.
   *
   * @param other the other one
   * @return the sum
   */
  public OperationStatistics plus(OperationStatistics other) {
    return new OperationStatistics(
        completed + other.completed,
        failed + other.failed,
        bytes + other.bytes,
        latency.plus(other.latency));
  }

  /**
   * Returns what was done since an earlier snapshot of the same device.
   *
   * @param earlier the earlier snapshot
   * @return the difference
   */
  public OperationStatistics minus(OperationStatistics earlier) {
    return new OperationStatistics(
        completed - earlier.completed,
        failed - earlier.failed,
        bytes - earlier.bytes,
        latency.minus(earlier.latency));
  }
}
