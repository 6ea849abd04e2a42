package io.ubiblk.core.layer;

import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.api.Status;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts one kind of request of one channel: written by the channel's thread without
 * synchronisation, read by any. A reader sees numbers that may be a moment old and belong to
 * different moments, but none that was never there.
 */
final class OperationCounter {

  private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);

  private static final int BEGUN = 0;
  private static final int COMPLETED = 1;
  private static final int FAILED = 2;
  private static final int BYTES = 3;

  private final long[] counters = new long[4];
  private final long[] latencies = new long[LatencyHistogram.BUCKETS];

  void begun() {
    add(counters, BEGUN, 1);
  }

  void completed(long bytes, int status, long nanos) {
    if (status == Status.OK) {
      add(counters, COMPLETED, 1);
      add(counters, BYTES, bytes);
    } else {
      add(counters, FAILED, 1);
    }
    add(latencies, LatencyHistogram.bucket(nanos), 1);
  }

  long inFlight() {
    long over = get(counters, COMPLETED) + get(counters, FAILED);
    return Math.max(0, get(counters, BEGUN) - over);
  }

  OperationStatistics snapshot() {
    long[] buckets = new long[latencies.length];
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = get(latencies, i);
    }
    return new OperationStatistics(
        get(counters, COMPLETED),
        get(counters, FAILED),
        get(counters, BYTES),
        LatencyHistogram.of(buckets));
  }

  private static void add(long[] array, int index, long delta) {
    LONG.setOpaque(array, index, array[index] + delta);
  }

  private static long get(long[] array, int index) {
    return (long) LONG.getOpaque(array, index);
  }
}
