package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LatencyHistogramTest {

  @Test
  void everyTimeFallsIntoTheBucketWhoseBoundsHoldIt() {
    for (int bits = 0; bits < 40; bits++) {
      for (long delta = -2; delta <= 2; delta++) {
        long nanos = (1L << bits) + delta;
        if (nanos < 0) {
          continue;
        }
        int bucket = LatencyHistogram.bucket(nanos);
        assertTrue(LatencyHistogram.lowest(bucket) <= nanos, "low bound of " + nanos);
        if (bucket + 1 < LatencyHistogram.BUCKETS) {
          assertTrue(nanos < LatencyHistogram.lowest(bucket + 1), "high bound of " + nanos);
        }
      }
    }
  }

  @Test
  void bucketsAreOneSixteenthWideAtMost() {
    for (int i = 16; i + 1 < LatencyHistogram.BUCKETS; i++) {
      long low = LatencyHistogram.lowest(i);
      assertTrue((LatencyHistogram.lowest(i + 1) - low) * 16 <= low, "bucket " + i);
    }
  }

  @Test
  void extremesShareTheOuterBuckets() {
    assertEquals(0, LatencyHistogram.bucket(-1));
    assertEquals(LatencyHistogram.BUCKETS - 1, LatencyHistogram.bucket(Long.MAX_VALUE));
  }

  @Test
  void percentilesNameTheValueOfTheirRank() {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    for (int i = 1; i <= 100; i++) {
      counts[LatencyHistogram.bucket(i * 1000L)]++;
    }
    LatencyHistogram histogram = LatencyHistogram.of(counts);
    assertEquals(100, histogram.count());
    assertEquals(50_000.0, (double) histogram.percentile(0.5), 50_000 / 16.0);
    assertEquals(99_000.0, (double) histogram.percentile(0.99), 99_000 / 16.0);
    assertEquals(100_000.0, (double) histogram.percentile(1), 100_000 / 16.0);
    assertEquals(1000.0, (double) histogram.percentile(0), 1000 / 16.0);
    assertEquals(50_500, histogram.mean(), 50_500 / 16.0);
    assertThrows(IllegalArgumentException.class, () -> histogram.percentile(Double.NaN));
  }

  @Test
  void differencesAndSumsAreByBucket() {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    counts[3] = 2;
    LatencyHistogram earlier = LatencyHistogram.of(counts);
    counts[3] = 5;
    counts[7] = 1;
    LatencyHistogram later = LatencyHistogram.of(counts);
    assertEquals(4, later.minus(earlier).count());
    assertEquals(8, later.plus(earlier).count());
    assertEquals(2, earlier.count(), "a snapshot must not change with the counters");
    assertEquals(0, LatencyHistogram.EMPTY.percentile(0.5));
  }
}
