package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceStatisticsTest {

  private static OperationStatistics statistics(long completed, long failed, long bytes) {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    counts[5] = completed + failed;
    return new OperationStatistics(completed, failed, bytes, LatencyHistogram.of(counts));
  }

  @Test
  void kindsThatAreMissingCountAsNothingDone() {
    Map<Operation, OperationStatistics> reads = new HashMap<>();
    reads.put(Operation.READ, statistics(3, 1, 4096));
    DeviceStatistics all = new DeviceStatistics(reads, 2);
    reads.clear();
    assertEquals(Operation.values().length, all.operations().size());
    assertEquals(3, all.of(Operation.READ).completed());
    assertEquals(OperationStatistics.NONE, all.of(Operation.FLUSH));
    assertThrows(UnsupportedOperationException.class, () -> all.operations().clear());
  }

  @Test
  void aDifferenceIsWhatWasDoneBetween() {
    DeviceStatistics earlier =
        new DeviceStatistics(Map.of(Operation.WRITE, statistics(1, 1, 512)), 7);
    DeviceStatistics later =
        new DeviceStatistics(Map.of(Operation.WRITE, statistics(5, 2, 4096)), 3);
    DeviceStatistics between = later.minus(earlier);
    OperationStatistics writes = between.of(Operation.WRITE);
    assertEquals(4, writes.completed());
    assertEquals(1, writes.failed());
    assertEquals(3584, writes.bytes());
    assertEquals(5, writes.latency().count());
    assertEquals(3, between.inFlight());
    assertEquals(
        6, statistics(5, 2, 4096).plus(statistics(1, 1, 512)).completed(), "sums are by number");
  }
}
