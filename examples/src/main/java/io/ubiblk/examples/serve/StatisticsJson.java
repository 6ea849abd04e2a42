package io.ubiblk.examples.serve;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.lazy.FetchProgress;
import java.util.Locale;

/** Statistics of a disk as JSON. Names and numbers only, so nothing needs to be escaped. */
final class StatisticsJson {

  private StatisticsJson() {}

  static String of(VirtualDisk disk, long uptimeMillis) {
    DeviceStatistics statistics = disk.statistics();
    StringBuilder json = new StringBuilder("{\n");
    number(json, "uptime_ms", uptimeMillis).append(",\n");
    number(json, "size_bytes", disk.geometry().size()).append(",\n");
    number(json, "in_flight", statistics.inFlight());
    for (Operation operation : Operation.values()) {
      json.append(",\n\"").append(operation.name().toLowerCase(Locale.ROOT)).append("\": ");
      operation(json, statistics.of(operation));
    }
    disk.fetchProgress().ifPresent(progress -> fetch(json, progress));
    return json.append("\n}\n").toString();
  }

  private static void operation(StringBuilder json, OperationStatistics statistics) {
    LatencyHistogram latency = statistics.latency();
    json.append('{');
    number(json, "completed", statistics.completed()).append(", ");
    number(json, "failed", statistics.failed()).append(", ");
    number(json, "bytes", statistics.bytes()).append(", ");
    number(json, "latency_mean_ns", Math.round(latency.mean())).append(", ");
    number(json, "latency_p50_ns", latency.percentile(0.5)).append(", ");
    number(json, "latency_p99_ns", latency.percentile(0.99)).append(", ");
    number(json, "latency_p999_ns", latency.percentile(0.999)).append('}');
  }

  private static void fetch(StringBuilder json, FetchProgress progress) {
    json.append(",\n\"fetch\": {");
    number(json, "stripes", progress.stripes()).append(", ");
    number(json, "stripe_size_bytes", progress.stripeSize()).append(", ");
    number(json, "in_source", progress.source()).append(", ");
    number(json, "fetched", progress.fetched()).append(", ");
    number(json, "under_way", progress.underWay()).append(", ");
    number(json, "failures", progress.failures()).append('}');
  }

  private static StringBuilder number(StringBuilder json, String name, long value) {
    return json.append('"').append(name).append("\": ").append(value);
  }
}
