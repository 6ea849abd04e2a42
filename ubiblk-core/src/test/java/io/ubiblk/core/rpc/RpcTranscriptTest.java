package io.ubiblk.core.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonParser;
import io.ubiblk.core.json.JsonValue;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.layer.QueueTrackerDriver;
import io.ubiblk.core.lazy.FetchProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What ubiblk's backend replied; see the PROVENANCE.md beside the files. */
@Timeout(60)
class RpcTranscriptTest {

  private static final Path FILE = Path.of("src/test/resources/vectors/rpc/expected.json");
  private static final String INVALID = "{\"error\":\"invalid request: ";

  @TempDir Path path;
  private FakeSubject subject;
  private QueueTrackerDriver driver;
  private RpcServer server;
  private JsonValue expected;

  @BeforeEach
  void start() throws IOException {
    driver = new QueueTrackerDriver(2);
    subject = new FakeSubject(driver.queues());
    server = RpcServer.start(subject, path.resolve("rpc"));
    expected = JsonParser.parse(Files.readString(FILE));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private void replay(JsonValue steps) throws IOException {
    try (Peer peer = new Peer(server.path())) {
      for (JsonValue step : steps.asList()) {
        peer.send(step.member("send_latin1").asString());
        for (JsonValue reply : step.member("replies").asList()) {
          String wanted = reply.asString();
          String got = peer.line();
          if (wanted.startsWith(INVALID)) {
            assertTrue(got.startsWith(INVALID) && got.endsWith("\"}"), got);
          } else {
            assertEquals(wanted, got);
          }
        }
      }
    }
  }

  private void progress(long fetched) {
    subject.progress = new FetchProgress(20, 8, fetched, 32768, 0, 0);
  }

  @Test
  void aDiskWithoutMetadataAnswersAsItDid() throws IOException {
    replay(expected.member("no-metadata"));
  }

  @Test
  void aDiskThatWasUsedAnswersAsItDid() throws IOException {
    progress(0);
    replay(expected.member("used").member("before"));
    driver.requests(expected.member("used").member("requests_in_order"));
    progress(3);
    replay(expected.member("used").member("after"));
  }

  @Test
  void errorsAndFramingAreAsTheyWere() throws IOException {
    progress(3);
    replay(expected.member("errors"));
  }

  @Test
  void requestsInFlightAreListedAsTheyWere() throws IOException {
    progress(1);
    driver.read(4, 2);
    driver.read(40, 1);
    driver.finish();
    driver.read(67, 5);
    driver.write(136, 7);
    replay(expected.member("in_flight").member("during"));
    driver.finish();
    progress(3);
    replay(expected.member("in_flight").member("after"));
  }

  @Test
  void flushesInFlightHaveNoRange() throws IOException {
    driver.flush();
    try (Peer peer = new Peer(server.path())) {
      assertEquals("{\"queues\":[[[\"flush\"]],[]]}", peer.ask("queues"));
    }
  }

  @Test
  void aLastLineWithoutItsEndIsAnswered() throws IOException {
    JsonValue last = expected.member("last_line_without_newline");
    try (Peer peer = new Peer(server.path())) {
      peer.send(last.member("send").asString());
      peer.channel.shutdownOutput();
      assertEquals(last.member("reply").asString(), peer.rest());
    }
  }

  @Test
  void textThatIsNotUtf8EndsTheConnection() throws IOException {
    JsonValue invalid = expected.member("invalid_utf8");
    try (Peer peer = new Peer(server.path())) {
      peer.send(invalid.member("send_latin1").asString());
      assertEquals(invalid.member("reply").asString(), peer.rest());
    }
  }

  @Test
  void theSocketBelongsToOwnerAndGroup() throws IOException {
    assertEquals("0o660", expected.member("socket_modes").member("rpc").asString());
    assertEquals(
        PosixFilePermissions.fromString("rw-rw----"), Files.getPosixFilePermissions(server.path()));
  }

  @Test
  void trackersAreOnePerQueue() {
    List<QueueTracker> queues = driver.queues();
    assertEquals(2, queues.size());
  }
}
