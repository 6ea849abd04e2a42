package io.ubiblk.core.layer;

import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import java.util.EnumMap;
import java.util.Map;

/** The counters of one channel. */
final class ChannelStatistics {

  private final Map<Operation, OperationCounter> counters = new EnumMap<>(Operation.class);

  ChannelStatistics() {
    for (Operation operation : Operation.values()) {
      counters.put(operation, new OperationCounter());
    }
  }

  OperationCounter counter(Operation operation) {
    OperationCounter counter = counters.get(operation);
    assert counter != null;
    return counter;
  }

  long inFlight() {
    return counters.values().stream().mapToLong(OperationCounter::inFlight).sum();
  }

  void addTo(Map<Operation, OperationStatistics> sum) {
    counters.forEach((op, counter) -> sum.merge(op, counter.snapshot(), OperationStatistics::plus));
  }
}
