package io.ubiblk.core.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.layer.QueueTrackerDriver;
import io.ubiblk.core.lazy.FetchProgress;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RpcClientTest {

  @TempDir Path path;
  private final QueueTrackerDriver driver = new QueueTrackerDriver(2);
  private final FakeSubject subject = new FakeSubject(driver.queues());
  private RpcServer server;
  private RpcClient client;

  @BeforeEach
  void start() throws IOException {
    server = RpcServer.start(subject, path.resolve("rpc"));
    client = RpcClient.connect(server.path(), Duration.ofSeconds(20));
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  @Test
  void versionAndStatusComeThrough() throws IOException {
    assertEquals("0.5.1", client.version());
    assertEquals(Optional.empty(), client.status());
    subject.progress = new FetchProgress(20, 8, 3, 32768, 1, 2);
    assertEquals(Optional.of(new StripeCounts(3, 8, 20)), client.status());
  }

  @Test
  void queuesAndTotalsComeThroughInBytes() throws IOException {
    driver.read(67, 5);
    driver.flush();
    assertEquals(
        List.of(
            List.of(
                new QueueTracker.InFlight(Operation.READ, 67 * 512, 5 * 512, 0),
                new QueueTracker.InFlight(Operation.FLUSH, 0, 0, 0)),
            List.of()),
        client.queues());
    assertEquals(
        List.of(new QueueTracker.Totals(2560, 0, 1, 0, 1), new QueueTracker.Totals(0, 0, 0, 0, 0)),
        client.stats());
  }

  @Test
  void latenciesComeThroughByOperation() throws IOException {
    long[] buckets = new long[LatencyHistogram.BUCKETS];
    buckets[LatencyHistogram.bucket(1000)] = 999;
    buckets[LatencyHistogram.bucket(1_000_000)] = 1;
    OperationStatistics reads = new OperationStatistics(990, 10, 0, LatencyHistogram.of(buckets));
    subject.statistics = new DeviceStatistics(Map.of(Operation.READ, reads), 0);
    Map<Operation, LatencySummary> latency = client.latency();
    assertEquals(Operation.values().length, latency.size());
    LatencySummary summary = Objects.requireNonNull(latency.get(Operation.READ));
    assertEquals(990, summary.completed());
    assertEquals(10, summary.failed());
    assertEquals(1000.0, (double) summary.p50Nanos(), 100.0);
    assertEquals(1000.0, (double) summary.p99Nanos(), 100.0);
    assertEquals(1e6, (double) summary.maxNanos(), 1e5);
    assertEquals(0, Objects.requireNonNull(latency.get(Operation.WRITE)).completed());
  }

  @Test
  void theBacklogComesThrough() throws IOException {
    assertEquals(Optional.empty(), client.fetch());
    subject.progress = new FetchProgress(20, 8, 3, 32768, 1, 2);
    FetchBacklog first = client.fetch().orElseThrow();
    assertEquals(5, first.stripesLeft());
    assertEquals(5 * 32768, first.bytesLeft());
    assertEquals(1, first.underWay());
    assertEquals(2, first.failures());
    assertEquals(-1, first.secondsLeft());
    subject.progress = new FetchProgress(20, 8, 8, 32768, 0, 2);
    assertEquals(0, client.fetch().orElseThrow().secondsLeft());
  }

  @Test
  void theEstimateFollowsTheLastMinute() {
    FetchEstimate estimate = new FetchEstimate();
    long second = 1_000_000_000L;
    FetchProgress start = new FetchProgress(2000, 1000, 0, 1 << 20, 0, 0);
    assertEquals(-1, estimate.backlog(start, 0).secondsLeft());
    FetchProgress later = new FetchProgress(2000, 1000, 100, 1 << 20, 0, 0);
    assertEquals(90, estimate.backlog(later, 10 * second).secondsLeft());
    assertEquals(10 << 20, estimate.backlog(later, 10 * second).bytesPerSecond());
    // Nothing has moved for more than a minute.
    assertEquals(180, estimate.backlog(later, 20 * second).secondsLeft());
    FetchBacklog stuck = estimate.backlog(later, 200 * second);
    assertEquals(-1, stuck.secondsLeft());
    assertEquals(0, stuck.bytesPerSecond());
  }

  @Test
  void healthIsInWords() throws IOException {
    assertEquals(new Health(Health.State.OK, List.of()), client.health());
    OperationStatistics writes = new OperationStatistics(1, 1, 0, LatencyHistogram.EMPTY);
    subject.statistics = new DeviceStatistics(Map.of(Operation.WRITE, writes), 0);
    subject.progress = new FetchProgress(20, 8, 3, 32768, 1, 2);
    Health degraded = client.health();
    assertEquals(Health.State.DEGRADED, degraded.state());
    assertEquals(
        List.of(
            "2 fetches of stripes were given up since the start",
            "1 write request failed since the start"),
        degraded.reasons());
    driver.stalledRead(45_500_000_000L);
    Health stalled = client.health();
    assertEquals(Health.State.STALLED, stalled.state());
    assertEquals("a request of queue 0 has been waiting for 45 s", stalled.reasons().getFirst());
  }

  @Test
  void theLogLevelCanBeReadAndChanged() throws IOException {
    assertEquals("info", client.logLevel());
    client.setLogLevel("debug");
    assertEquals("debug", subject.level);
    assertEquals("debug", client.logLevel());
    RpcClient.Refused refused =
        assertThrows(RpcClient.Refused.class, () -> client.setLogLevel("loud"));
    assertTrue(String.valueOf(refused.getMessage()).contains("error, warn"), refused.getMessage());
    assertEquals("debug", client.logLevel());
  }

  @Test
  void repliesAreByteForByteAsDocumented() throws IOException {
    subject.progress = new FetchProgress(20, 8, 8, 32768, 0, 0);
    try (Peer peer = new Peer(server.path())) {
      assertEquals(
          "{\"fetch\":{\"bytes_left\":0,\"bytes_per_second\":0,\"failures\":0,\"seconds_left\":0,"
              + "\"stripes_left\":0,\"under_way\":0}}",
          peer.ask("fetch"));
      assertEquals("{\"health\":{\"reasons\":[],\"state\":\"ok\"}}", peer.ask("health"));
      assertEquals("{\"log_level\":\"info\"}", peer.ask("log_level"));
      assertTrue(
          peer.ask("latency")
              .startsWith(
                  "{\"latency\":{\"discard\":{\"completed\":0,\"failed\":0,\"max_ns\":0,"
                      + "\"p50_ns\":0,\"p90_ns\":0,\"p999_ns\":0,\"p99_ns\":0},\"flush\""));
    }
  }

  @Test
  void aServerThatDoesNotAnswerIsNotWaitedForForEver() throws IOException {
    Path silent = path.resolve("silent");
    try (ServerSocketChannel mute = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      mute.bind(UnixDomainSocketAddress.of(silent));
      try (RpcClient waiting = RpcClient.connect(silent, Duration.ofMillis(100))) {
        assertThrows(SocketTimeoutException.class, waiting::version);
      }
    }
    assertThrows(IOException.class, () -> RpcClient.connect(silent, Duration.ofSeconds(1)));
  }

  @Test
  void aServerThatEndsIsNoticed() throws IOException {
    server.close();
    assertThrows(IOException.class, client::version);
  }
}
