package io.ubiblk.core.rpc;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.Operation;
import io.ubiblk.core.layer.QueueTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks at a subject and says what is wrong with it. */
final class HealthCheck {

  /** Storage and sources time out long before this. */
  private static final long STALLED_NANOS = 30_000_000_000L;

  private HealthCheck() {}

  static Health of(RpcSubject subject) {
    List<String> reasons = new ArrayList<>();
    boolean stalled = addStalls(subject.queues(), reasons);
    subject
        .fetchProgress()
        .filter(progress -> progress.failures() > 0)
        .ifPresent(
            progress ->
                reasons.add(
                    progress.failures() == 1
                        ? "1 fetch of a stripe was given up since the start"
                        : progress.failures()
                            + " fetches of stripes were given up since the start"));
    addFailures(subject.statistics(), reasons);
    Health.State bad = stalled ? Health.State.STALLED : Health.State.DEGRADED;
    return new Health(reasons.isEmpty() ? Health.State.OK : bad, reasons);
  }

  private static boolean addStalls(List<QueueTracker> queues, List<String> reasons) {
    boolean stalled = false;
    for (int i = 0; i < queues.size(); i++) {
      long oldest = 0;
      for (QueueTracker.InFlight request : queues.get(i).inFlight()) {
        oldest = Math.max(oldest, request.ageNanos());
      }
      if (oldest > STALLED_NANOS) {
        stalled = true;
        reasons.add(
            "a request of queue " + i + " has been waiting for " + oldest / 1_000_000_000 + " s");
      }
    }
    return stalled;
  }

  private static void addFailures(DeviceStatistics statistics, List<String> reasons) {
    for (Operation operation : Operation.values()) {
      long failed = statistics.of(operation).failed();
      if (failed > 0) {
        String kind = operation.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        reasons.add(
            failed
                + " "
                + kind
                + (failed == 1 ? " request" : " requests")
                + " failed since the start");
      }
    }
  }
}
