package io.ubiblk.api;

import java.util.Arrays;

/**
 * An immutable histogram of times. Buckets are log-linear: sixteen of equal width for each power of
 * two, so that a percentile is off by at most one part in sixteen. Times of 2<sup>40</sup> ns (18
 * minutes) and more share the last bucket.
 *
 * <p>Whoever records times keeps an array of {@link #BUCKETS} counters and increments the one that
 * {@link #bucket} names, which neither allocates nor branches much; {@link #of} makes a histogram
 * of the counters.
 */
public final class LatencyHistogram {

  private static final int SUB_BITS = 4;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;
  private static final int MAX_BITS = 40;

  /** Number of buckets. */
  public static final int BUCKETS = (MAX_BITS - SUB_BITS + 1) * SUB_BUCKETS;

  /** A histogram without a value. */
  public static final LatencyHistogram EMPTY = new LatencyHistogram(new long[BUCKETS]);

  private final long[] counts;
  private final long total;

  private LatencyHistogram(long[] counts) {
    this.counts = counts;
    this.total = Arrays.stream(counts).sum();
  }

  /**
   * Returns the bucket that a time belongs to.
   *
   * @param nanos time in nanoseconds; negative ones count as 0
   * @return index of the bucket, 0 to {@link #BUCKETS} - 1
   */
  public static int bucket(long nanos) {
    long value = Math.min(Math.max(nanos, 0), (1L << MAX_BITS) - 1);
    if (value < SUB_BUCKETS) {
      return (int) value;
    }
    int exponent = 63 - Long.numberOfLeadingZeros(value);
    int sub = (int) (value >>> (exponent - SUB_BITS)) & (SUB_BUCKETS - 1);
    return ((exponent - SUB_BITS + 1) << SUB_BITS) + sub;
  }

  /**
   * Returns the smallest time of a bucket.
   *
   * @param bucket index of the bucket
   * @return time in nanoseconds
   */
  public static long lowest(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int exponent = (bucket >> SUB_BITS) + SUB_BITS - 1;
    long sub = bucket & (SUB_BUCKETS - 1);
    return (SUB_BUCKETS + sub) << (exponent - SUB_BITS);
  }

  /**
   * Makes a histogram of counters.
   *
   * @param counts number of values in each bucket; copied
   * @return the histogram
   */
  public static LatencyHistogram of(long[] counts) {
    if (counts.length != BUCKETS) {
      throw new IllegalArgumentException(counts.length + " buckets, expected " + BUCKETS);
    }
    return new LatencyHistogram(counts.clone());
  }

  /** {@return the number of values} */
  public long count() {
    return total;
  }

  /**
   * Returns the time that a given part of the values does not exceed.
   *
   * @param fraction the part, from 0 to 1: 0.5 for the median, 0.99 for the 99th percentile
   * @return time in nanoseconds, the middle of its bucket; 0 if there is no value
   */
  public long percentile(double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("fraction " + fraction + ", expected 0 to 1");
    }
    long rank = Math.max(1, (long) Math.ceil(fraction * total));
    long seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return middle(i);
      }
    }
    return 0;
  }

  /**
   * {@return the mean time in nanoseconds, from the middles of the buckets; 0 if there is no value}
   */
  public double mean() {
    double sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
      sum += (double) counts[i] * middle(i);
    }
    return total == 0 ? 0 : sum / total;
  }

  /**
   * Returns the sum of two histograms.
   *
   * @param other the other one
   * @return the sum
   */
  public LatencyHistogram plus(LatencyHistogram other) {
    long[] sum = counts.clone();
    for (int i = 0; i < BUCKETS; i++) {
      sum[i] += other.counts[i];
    }
    return new LatencyHistogram(sum);
  }

  /**
   * Returns the values that came after an earlier snapshot of the same histogram.
   *
   * @param earlier the earlier snapshot
   * @return the difference
   */
  public LatencyHistogram minus(LatencyHistogram earlier) {
    long[] difference = counts.clone();
    for (int i = 0; i < BUCKETS; i++) {
      difference[i] -= earlier.counts[i];
    }
    return new LatencyHistogram(difference);
  }

  private static long middle(int bucket) {
    long low = lowest(bucket);
    long high = bucket + 1 < BUCKETS ? lowest(bucket + 1) : 1L << MAX_BITS;
    return low + (high - low) / 2;
  }

  /** Returns count, median and 99th percentile. */
  @Override
  public String toString() {
    return "LatencyHistogram[count="
        + total
        + ", p50="
        + percentile(0.5)
        + " ns, p99="
        + percentile(0.99)
        + " ns]";
  }
}
