package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VhostUserFrontendTest {

  private static final Duration SOON = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir Path folder;
  private FakeBackend backend;
  private VhostUserFrontend frontend;

  @BeforeEach
  void start() throws IOException {
    backend = new FakeBackend(folder.resolve("fake.sock"));
    frontend = VhostUserFrontend.connect(folder.resolve("fake.sock"));
  }

  @AfterEach
  void stop() throws IOException {
    frontend.close();
    backend.close();
  }

  private FakeSession session() {
    return Objects.requireNonNull(backend.session);
  }

  private void negotiate() throws IOException {
    frontend.setProtocolFeatures(frontend.protocolFeatures());
  }

  @Test
  void everyTypedMessageArrivesUnderItsNumber() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(65536);
        Notifier notifier = Notifier.eventfd()) {
      RingLayout layout = RingLayout.allocate(memory, 8);
      assertEquals(FakeSession.FEATURES, frontend.features());
      frontend.setFeatures(FakeSession.FEATURES);
      frontend.setOwner();
      assertEquals(FakeSession.QUEUES, frontend.queueCount());
      frontend.openBackendChannel().close();
      frontend.setMemory(memory);
      assertEquals(8, frontend.maxMemorySlots());
      GuestRegion late = memory.addRegion(0x10_0000_0000L, 4096);
      frontend.addRegion(late);
      assertEquals(2, session().memory().count());
      frontend.removeRegion(late);
      assertEquals(1, session().memory().count());
      VringControl ring = frontend.ring(2);
      ring.setSize(8);
      ring.setAddresses(layout, memory);
      ring.setBase(0xfffe);
      ring.setCall(notifier);
      ring.setNoCall();
      ring.setError(notifier);
      ring.setNoError();
      ring.setEnabled(false);
      assertEquals(0xfffe, ring.stop());
      assertEquals(BlkConfig.SIZE, frontend.config(0, 60).length);
      frontend.setConfig(BlkConfig.WRITEBACK_OFFSET, 0, (byte) 0);
      assertEquals(0, BlkConfig.parse(frontend.config(0, 60)).writeback());
      frontend.resetDevice();
    }
    List<Integer> expected =
        List.of(15, 16, 1, 2, 3, 17, 21, 5, 36, 37, 38, 8, 9, 10, 13, 13, 14, 14, 18, 11, 24, 25);
    assertEquals(expected, session().messages().subList(0, expected.size()));
  }

  @Test
  void aRefusalIsAnException() throws IOException {
    negotiate();
    VhostUserException.Refused refused =
        assertThrows(VhostUserException.Refused.class, () -> frontend.ring(0).setSize(32768));
    assertEquals(1, refused.value());
    assertThrows(VhostUserException.Refused.class, () -> frontend.setConfig(0, 0, (byte) 1));
    assertThrows(VhostUserException.Refused.class, frontend::resetOwner);
    frontend.setOwner();
  }

  @Test
  void withoutAcknowledgementsNothingIsWaitedFor() throws IOException {
    negotiate();
    frontend.setAcknowledge(false);
    frontend.ring(0).setSize(32768);
    frontend.resetOwner();
    assertEquals(FakeSession.FEATURES, frontend.features());
  }

  @Test
  void messagesMayBeWrongInEveryWay() throws IOException {
    negotiate();
    VhostUserConnection wire = frontend.connection();
    FileDescriptor[] many = new FileDescriptor[30];
    try (Notifier notifier = Notifier.eventfd()) {
      Arrays.fill(many, notifier.peerEnd());
      VhostUserMessage unknown = VhostUserMessage.of(77, new byte[300]).withDescriptors(many);
      wire.send(unknown.withFlags(VhostUserMessage.VERSION | VhostUserMessage.NEED_REPLY));
      assertEquals(1, wire.receive().reader().getLong());
    }
    byte[] message = VhostUserMessage.of(FrontendRequest.GET_FEATURES).bytes();
    wire.sendBytes(Arrays.copyOf(message, 5));
    assertThrows(VhostUserException.TimedOut.class, () -> wire.receive(SOON));
    assertFalse(wire.awaitClosed(SOON));
    wire.sendBytes(Arrays.copyOfRange(message, 5, 12));
    assertEquals(FakeSession.FEATURES, wire.receive().reader().getLong());
  }

  @Test
  void aReplyToSomethingElseIsNoReply() throws IOException {
    frontend.connection().send(VhostUserMessage.of(FrontendRequest.GET_FEATURES));
    assertThrows(VhostUserException.BadReply.class, frontend::queueCount);
  }

  @Test
  void theEndOfAConnectionIsSeen() throws IOException {
    frontend.features();
    session().disconnect();
    assertTrue(frontend.connection().awaitClosed(PATIENCE));
    assertThrows(VhostUserException.Closed.class, frontend::features);
  }

  @Test
  void aSilentBackendIsGivenUp() {
    frontend.connection().setTimeout(SOON);
    assertThrows(
        VhostUserException.TimedOut.class,
        () -> frontend.ask(VhostUserMessage.of(FrontendRequest.SET_OWNER)));
  }

  @Test
  void memoryForRequestsInFlightCanBeLookedAtAndHandedBack() throws IOException {
    negotiate();
    try (InflightArea area = frontend.inflight(2, 64);
        Arena arena = Arena.ofConfined()) {
      assertEquals(4096, area.mmapSize());
      assertEquals(2, area.queues());
      assertEquals(64, area.queueSize());
      assertEquals(4096, area.map(arena).byteSize());
      frontend.setInflight(area);
      assertEquals(1, session().inflightSet());
    }
  }

  @Test
  void theBackendCanAnnounceAChange() throws Exception {
    negotiate();
    try (BackendChannel channel = frontend.openBackendChannel()) {
      assertThrows(VhostUserException.TimedOut.class, () -> channel.awaitConfigChange(SOON));
      CompletableFuture<Long> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return session().announceConfigChange();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      channel.awaitConfigChange(PATIENCE);
      assertEquals(0, answer.get());
      frontend.close();
      assertThrows(VhostUserException.Closed.class, () -> channel.receive(PATIENCE));
    }
  }

  @Test
  void connectingWaitsForABackend() throws Exception {
    Path late = folder.resolve("late.sock");
    assertThrows(IOException.class, () -> VhostUserConnection.connect(late));
    assertThrows(IOException.class, () -> VhostUserConnection.connect(late, SOON));
    CompletableFuture<VhostUserConnection> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return VhostUserConnection.connect(late, PATIENCE);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    try (FakeBackend other = new FakeBackend(late);
        VhostUserConnection connection = waiting.get()) {
      connection.send(VhostUserMessage.of(FrontendRequest.GET_FEATURES));
      assertEquals(8, connection.receive().declaredSize());
      assertTrue(other.session != null);
    }
  }

  @Test
  void sessionsLeaveNoDescriptorBehind() throws Exception {
    frontend.close();
    session(folder);
    long before = openDescriptorsWhenQuiet();
    for (int i = 0; i < 10; i++) {
      session(folder);
      assertThrows(IOException.class, () -> VhostUserConnection.connect(folder.resolve("nothing")));
    }
    assertEquals(before, openDescriptorsWhenQuiet());
  }

  private static void session(Path folder) throws Exception {
    VhostBlkOptions options = VhostBlkOptions.at(folder.resolve("fake.sock")).withQueues(2, 16);
    try (VhostBlkClient client = VhostBlkClient.connect(options.withInflightTracking())) {
      client.queue(1).flush();
      client.reconnect();
      client.queue(0).flush();
      client.stop(0);
    }
  }

  /** The backend closes its side some time after the frontend has left. */
  private static long openDescriptorsWhenQuiet() throws Exception {
    long last;
    long now = openDescriptors();
    do {
      last = now;
      Thread.sleep(100);
      now = openDescriptors();
    } while (now != last);
    return now;
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }
}
