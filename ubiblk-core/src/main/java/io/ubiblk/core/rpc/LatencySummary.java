package io.ubiblk.core.rpc;

/**
 * How long requests of one kind took, from the call to the completion.
 *
 * @param completed requests that succeeded
 * @param failed requests that failed
 * @param p50Nanos the median in nanoseconds
 * @param p90Nanos the 90th percentile in nanoseconds
 * @param p99Nanos the 99th percentile in nanoseconds
 * @param p999Nanos the 99.9th percentile in nanoseconds
 * @param maxNanos the longest time in nanoseconds
 */
public record LatencySummary(
    long completed,
    long failed,
    long p50Nanos,
    long p90Nanos,
    long p99Nanos,
    long p999Nanos,
    long maxNanos) {}
