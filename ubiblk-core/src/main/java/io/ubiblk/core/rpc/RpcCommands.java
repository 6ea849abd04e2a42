package io.ubiblk.core.rpc;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.core.json.JsonException;
import io.ubiblk.core.json.JsonParser;
import io.ubiblk.core.json.JsonValue;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.lazy.FetchProgress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests. Confined to the server's thread. */
final class RpcCommands {

  private static final Logger LOG = LoggerFactory.getLogger(RpcCommands.class);

  private final RpcSubject subject;
  private final FetchEstimate estimate = new FetchEstimate();

  RpcCommands(RpcSubject subject) {
    this.subject = subject;
    subject.fetchProgress().ifPresent(progress -> estimate.backlog(progress, System.nanoTime()));
  }

  /** Answers one line with one line, without its end. */
  String answer(String line) {
    try {
      return answer(JsonParser.parse(line)).toString();
    } catch (JsonException e) {
      return error("invalid request: " + e.getMessage()).toString();
    } catch (RuntimeException e) {
      LOG.error("a request could not be answered", e);
      return error("internal error").toString();
    }
  }

  static JsonValue error(String message) {
    return JsonValue.Struct.of("error", JsonValue.of(message));
  }

  private JsonValue answer(JsonValue request) throws JsonException {
    String command = request.member("command").asString();
    return switch (command) {
      case "version" -> reply("version", JsonValue.of(subject.version()));
      case "status" -> reply("status", status());
      case "queues" -> reply("queues", queues());
      case "stats" -> reply("stats", JsonValue.Struct.of("queues", stats()));
      case "latency" -> reply("latency", latency(subject.statistics()));
      case "fetch" -> reply("fetch", fetch());
      case "health" -> reply("health", health(subject.health()));
      case "log_level" -> logLevel(request);
      default -> error("unknown command: " + command);
    };
  }

  private static JsonValue reply(String name, JsonValue value) {
    return JsonValue.Struct.of(name, value);
  }

  private JsonValue status() {
    return subject
        .fetchProgress()
        .map(
            progress -> {
              Map<String, JsonValue> counts = new LinkedHashMap<>();
              counts.put("fetched", JsonValue.of(progress.fetched()));
              counts.put("source", JsonValue.of(progress.source()));
              counts.put("total", JsonValue.of(progress.stripes()));
              return reply("stripes", new JsonValue.Struct(counts));
            })
        .orElse(JsonValue.Literal.NULL);
  }

  private JsonValue queues() {
    return new JsonValue.Sequence(
        subject.queues().stream()
            .map(queue -> list(queue.inFlight().stream().map(RpcCommands::inFlight).toList()))
            .toList());
  }

  private static JsonValue list(List<JsonValue> values) {
    return new JsonValue.Sequence(values);
  }

  private static JsonValue inFlight(QueueTracker.InFlight request) {
    JsonValue kind = JsonValue.of(name(request.operation()));
    return request.operation() == Operation.FLUSH
        ? list(List.of(kind))
        : list(
            List.of(
                kind,
                JsonValue.of(request.offset() / Geometry.SECTOR),
                JsonValue.of(request.length() / Geometry.SECTOR)));
  }

  private JsonValue stats() {
    return list(subject.queues().stream().map(queue -> totals(queue.totals())).toList());
  }

  private static JsonValue totals(QueueTracker.Totals totals) {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    members.put("bytes_read", JsonValue.of(totals.bytesRead()));
    members.put("bytes_written", JsonValue.of(totals.bytesWritten()));
    members.put("flush_ops", JsonValue.of(totals.flushOps()));
    members.put("read_ops", JsonValue.of(totals.readOps()));
    members.put("write_ops", JsonValue.of(totals.writeOps()));
    return new JsonValue.Struct(members);
  }

  private static JsonValue latency(DeviceStatistics statistics) {
    Map<String, JsonValue> kinds = new TreeMap<>();
    for (Operation operation : Operation.values()) {
      kinds.put(name(operation), latency(statistics.of(operation)));
    }
    return new JsonValue.Struct(kinds);
  }

  private static JsonValue latency(OperationStatistics statistics) {
    LatencyHistogram latency = statistics.latency();
    Map<String, JsonValue> members = new LinkedHashMap<>();
    members.put("completed", JsonValue.of(statistics.completed()));
    members.put("failed", JsonValue.of(statistics.failed()));
    members.put("max_ns", JsonValue.of(latency.percentile(1)));
    members.put("p50_ns", JsonValue.of(latency.percentile(0.5)));
    members.put("p90_ns", JsonValue.of(latency.percentile(0.9)));
    members.put("p999_ns", JsonValue.of(latency.percentile(0.999)));
    members.put("p99_ns", JsonValue.of(latency.percentile(0.99)));
    return new JsonValue.Struct(members);
  }

  private JsonValue fetch() {
    FetchProgress progress = subject.fetchProgress().orElse(null);
    if (progress == null) {
      return JsonValue.Literal.NULL;
    }
    FetchBacklog backlog = estimate.backlog(progress, System.nanoTime());
    Map<String, JsonValue> members = new LinkedHashMap<>();
    members.put("bytes_left", JsonValue.of(backlog.bytesLeft()));
    members.put("bytes_per_second", JsonValue.of(backlog.bytesPerSecond()));
    members.put("failures", JsonValue.of(backlog.failures()));
    members.put(
        "seconds_left",
        backlog.secondsLeft() < 0 ? JsonValue.Literal.NULL : JsonValue.of(backlog.secondsLeft()));
    members.put("stripes_left", JsonValue.of(backlog.stripesLeft()));
    members.put("under_way", JsonValue.of(backlog.underWay()));
    return new JsonValue.Struct(members);
  }

  private static JsonValue health(Health health) {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    members.put("reasons", list(health.reasons().stream().map(JsonValue::of).toList()));
    members.put("state", JsonValue.of(health.state().name().toLowerCase(Locale.ROOT)));
    return new JsonValue.Struct(members);
  }

  private JsonValue logLevel(JsonValue request) throws JsonException {
    JsonValue level = request.asMap().get("level");
    if (level != null) {
      String name = level.asString();
      if (!LogLevel.LEVELS.contains(name)) {
        throw new JsonException(
            "unknown level, expected one of " + String.join(", ", LogLevel.LEVELS));
      }
      try {
        subject.logLevel().set(name);
      } catch (UnsupportedOperationException e) {
        return error("the log level cannot be changed");
      }
    }
    return reply("log_level", JsonValue.of(subject.logLevel().get()));
  }

  /** What an operation is called in requests and replies. */
  static String name(Operation operation) {
    return operation.name().toLowerCase(Locale.ROOT);
  }
}
