package io.ubiblk.examples.top;

import io.ubiblk.api.Operation;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.rpc.FetchBacklog;
import io.ubiblk.core.rpc.Health;
import io.ubiblk.core.rpc.LatencySummary;
import io.ubiblk.core.rpc.StripeCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a backend said at one moment.
 *
 * @param nanos the moment
 * @param queues totals of each queue
 * @param inFlight number of requests in flight on each queue
 * @param stripes how far the disk has been filled, or empty if it has no metadata
 * @param own what only our backends say, or null
 */
record Sample(
    long nanos,
    List<QueueTracker.Totals> queues,
    List<Integer> inFlight,
    Optional<StripeCounts> stripes,
    @Nullable Own own) {

  /**
   * What only our backends say.
   *
   * @param latency how long requests took, since the backend's start
   * @param fetch what is left to fetch, or empty if the disk has no metadata
   * @param health how the disk is doing
   */
  record Own(Map<Operation, LatencySummary> latency, Optional<FetchBacklog> fetch, Health health) {}

  /** Returns the number of all requests in flight. */
  int allInFlight() {
    return inFlight.stream().mapToInt(Integer::intValue).sum();
  }
}
