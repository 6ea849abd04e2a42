package io.ubiblk.api;

import java.util.EnumMap;
import java.util.Map;

/**
 * A snapshot of what a device has done, by kind of request, and of what it is doing. Taken without
 * stopping anything: the numbers of one snapshot may be a few requests apart.
 *
 * @param operations statistics of every kind of request
 * @param inFlight requests accepted and not completed
 */
public record DeviceStatistics(Map<Operation, OperationStatistics> operations, long inFlight) {

  /** Copies the map and fills in the kinds that are missing. */
  public DeviceStatistics {
    EnumMap<Operation, OperationStatistics> all = new EnumMap<>(Operation.class);
    for (Operation operation : Operation.values()) {
      all.put(operation, operations.getOrDefault(operation, OperationStatistics.NONE));
    }
    operations = Map.copyOf(all);
  }

  /**
   * Returns the statistics of one kind of request.
   *
   * @param operation the kind
   * @return its statistics
   */
  public OperationStatistics of(Operation operation) {
    return operations.getOrDefault(operation, OperationStatistics.NONE);
  }

  /**
   * Returns what was done since an earlier snapshot of the same device.
   *
   * @param earlier the earlier snapshot
   * @return the difference, with the number of requests in flight of this snapshot
   */
  public DeviceStatistics minus(DeviceStatistics earlier) {
    EnumMap<Operation, OperationStatistics> difference = new EnumMap<>(Operation.class);
    operations.forEach(
        (operation, now) -> difference.put(operation, now.minus(earlier.of(operation))));
    return new DeviceStatistics(difference, inFlight);
  }
}
