package io.ubiblk.core.rpc;

import io.ubiblk.api.Geometry;
import io.ubiblk.api.Operation;
import io.ubiblk.core.json.JsonException;
import io.ubiblk.core.json.JsonParser;
import io.ubiblk.core.json.JsonValue;
import io.ubiblk.core.layer.QueueTracker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a server. Each call waits for its reply, no longer than a time that is set once; a client
 * that a call has failed on must be closed. Confined to one thread at a time.
 *
 * <p>{@link #version}, {@link #status}, {@link #queues} and {@link #stats} are understood by every
 * backend; the others by those of this project.
 */
public final class RpcClient implements AutoCloseable {

  private final RpcLine line;

  private RpcClient(RpcLine line) {
    this.line = line;
  }

  /** The server answered with an error. The client can be used again. */
  public static final class Refused extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what the server said
     */
    public Refused(String message) {
      super(message);
    }
  }

  /**
   * Connects to a server.
   *
   * @param path where its socket is
   * @param timeout the longest time to wait for a reply
   * @return the client
   * @throws IOException if nobody answers there
   */
  public static RpcClient connect(Path path, Duration timeout) throws IOException {
    return new RpcClient(RpcLine.connect(path, timeout));
  }

  /**
   * Asks for the program's version.
   *
   * @return the version
   * @throws IOException if the server does not answer, or not as it should
   */
  public String version() throws IOException {
    return ask("version").asString();
  }

  /**
   * Asks how far the disk has been filled.
   *
   * @return the counts, or empty if the disk has no metadata
   * @throws IOException if the server does not answer, or not as it should
   */
  public Optional<StripeCounts> status() throws IOException {
    JsonValue status = ask("status");
    if (status.equals(JsonValue.Literal.NULL)) {
      return Optional.empty();
    }
    JsonValue stripes = status.member("stripes");
    return Optional.of(
        new StripeCounts(
            number(stripes, "fetched"), number(stripes, "source"), number(stripes, "total")));
  }

  /**
   * Asks what is in flight.
   *
   * @return the requests of each queue, without their age, which is not reported
   * @throws IOException if the server does not answer, or not as it should
   */
  public List<List<QueueTracker.InFlight>> queues() throws IOException {
    List<List<QueueTracker.InFlight>> queues = new ArrayList<>();
    for (JsonValue queue : ask("queues").asList()) {
      List<QueueTracker.InFlight> requests = new ArrayList<>();
      for (JsonValue request : queue.asList()) {
        requests.add(inFlight(request.asList()));
      }
      queues.add(List.copyOf(requests));
    }
    return queues;
  }

  private static QueueTracker.InFlight inFlight(List<JsonValue> parts) throws IOException {
    Operation operation = operation(parts.isEmpty() ? "" : parts.getFirst().asString());
    long offset = parts.size() > 1 ? parts.get(1).asLong() : 0;
    long length = parts.size() > 2 ? parts.get(2).asLong() : 0;
    return new QueueTracker.InFlight(
        operation, offset * Geometry.SECTOR, length * Geometry.SECTOR, 0);
  }

  /**
   * Asks what the queues have done.
   *
   * @return the totals of each queue since the server's start
   * @throws IOException if the server does not answer, or not as it should
   */
  public List<QueueTracker.Totals> stats() throws IOException {
    List<QueueTracker.Totals> queues = new ArrayList<>();
    for (JsonValue queue : ask("stats").member("queues").asList()) {
      queues.add(
          new QueueTracker.Totals(
              number(queue, "bytes_read"),
              number(queue, "bytes_written"),
              number(queue, "read_ops"),
              number(queue, "write_ops"),
              number(queue, "flush_ops")));
    }
    return queues;
  }

  /**
   * Asks how long requests took.
   *
   * @return the times by kind of request
   * @throws IOException if the server does not answer, or not as it should
   */
  public Map<Operation, LatencySummary> latency() throws IOException {
    Map<Operation, LatencySummary> kinds = new EnumMap<>(Operation.class);
    for (Map.Entry<String, JsonValue> entry : ask("latency").asMap().entrySet()) {
      JsonValue kind = entry.getValue();
      kinds.put(
          operation(entry.getKey()),
          new LatencySummary(
              number(kind, "completed"),
              number(kind, "failed"),
              number(kind, "p50_ns"),
              number(kind, "p90_ns"),
              number(kind, "p99_ns"),
              number(kind, "p999_ns"),
              number(kind, "max_ns")));
    }
    return kinds;
  }

  /**
   * Asks what is left to fetch.
   *
   * @return the backlog, or empty if the disk has no metadata
   * @throws IOException if the server does not answer, or not as it should
   */
  public Optional<FetchBacklog> fetch() throws IOException {
    JsonValue fetch = ask("fetch");
    if (fetch.equals(JsonValue.Literal.NULL)) {
      return Optional.empty();
    }
    boolean unknown = fetch.member("seconds_left").equals(JsonValue.Literal.NULL);
    return Optional.of(
        new FetchBacklog(
            number(fetch, "stripes_left"),
            number(fetch, "bytes_left"),
            number(fetch, "under_way"),
            number(fetch, "failures"),
            number(fetch, "bytes_per_second"),
            unknown ? -1 : number(fetch, "seconds_left")));
  }

  /**
   * Asks how the disk is doing.
   *
   * @return what the server found
   * @throws IOException if the server does not answer, or not as it should
   */
  public Health health() throws IOException {
    JsonValue health = ask("health");
    List<String> reasons = new ArrayList<>();
    for (JsonValue reason : health.member("reasons").asList()) {
      reasons.add(reason.asString());
    }
    return new Health(constant(Health.State.class, health.member("state").asString()), reasons);
  }

  /**
   * Asks for the log level.
   *
   * @return one of {@link LogLevel#LEVELS}
   * @throws IOException if the server does not answer, or not as it should
   */
  public String logLevel() throws IOException {
    return ask("log_level").asString();
  }

  /**
   * Changes the log level.
   *
   * @param level one of {@link LogLevel#LEVELS}
   * @throws Refused if the server does not know the level or cannot change it
   * @throws IOException if the server does not answer, or not as it should
   */
  public void setLogLevel(String level) throws IOException {
    JsonValue request =
        new JsonValue.Struct(
            Map.of("command", JsonValue.of("log_level"), "level", JsonValue.of(level)));
    reply(request).member("log_level");
  }

  private JsonValue ask(String command) throws IOException {
    return reply(JsonValue.Struct.of("command", JsonValue.of(command))).member(command);
  }

  private JsonValue reply(JsonValue request) throws IOException {
    JsonValue reply = JsonParser.parse(line.exchange(request.toString()));
    JsonValue error = reply.asMap().get("error");
    if (error != null) {
      throw new Refused(error.asString());
    }
    return reply;
  }

  private static long number(JsonValue object, String name) throws JsonException {
    return object.member(name).asLong();
  }

  private static Operation operation(String name) throws JsonException {
    return constant(Operation.class, name);
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String name) throws JsonException {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(name)) {
        return constant;
      }
    }
    throw new JsonException("an unknown " + type.getSimpleName() + " \"" + name + "\"");
  }

  /** Disconnects. Closing twice has no effect. */
  @Override
  public void close() throws IOException {
    line.close();
  }
}
