package io.ubiblk.core.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.layer.QueueTrackerDriver;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RpcServerTest {

  private static final String VERSION = "{\"version\":\"0.5.1\"}";

  @TempDir Path path;
  private Path socket;
  private final FakeSubject subject = new FakeSubject(new QueueTrackerDriver(2).queues());
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void choosePath() {
    socket = path.resolve("rpc");
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  private RpcServer start(RpcLimits limits) throws IOException {
    RpcServer server = RpcServer.start(subject, socket, limits);
    open.add(server);
    return server;
  }

  private Peer peer() throws IOException {
    Peer peer = new Peer(socket);
    open.add(peer);
    return peer;
  }

  @Test
  void aStaleSocketIsReplaced() throws IOException {
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    assertTrue(Files.exists(socket));
    start(RpcLimits.DEFAULT);
    assertEquals(VERSION, peer().ask("version"));
  }

  @Test
  void anythingElseInItsPlaceIsLeftAlone() throws IOException {
    Files.writeString(socket, "precious");
    assertThrows(BlockDeviceException.Busy.class, () -> start(RpcLimits.DEFAULT));
    assertEquals("precious", Files.readString(socket));
    Files.delete(socket);

    Files.createDirectory(socket);
    assertThrows(BlockDeviceException.Busy.class, () -> start(RpcLimits.DEFAULT));
    assertTrue(Files.isDirectory(socket));
    Files.delete(socket);

    Path target = path.resolve("target");
    Files.createSymbolicLink(socket, target);
    assertThrows(BlockDeviceException.Busy.class, () -> start(RpcLimits.DEFAULT));
    assertTrue(Files.isSymbolicLink(socket));
  }

  @Test
  void aSocketThatSomebodyAnswersOnIsLeftAlone() throws IOException {
    start(RpcLimits.DEFAULT);
    assertThrows(BlockDeviceException.Busy.class, () -> start(RpcLimits.DEFAULT));
    assertEquals(VERSION, peer().ask("version"));
  }

  @Test
  void pathsThatAreTooLongAreRefused() {
    socket = path.resolve("x".repeat(108));
    assertThrows(IllegalArgumentException.class, () -> start(RpcLimits.DEFAULT));
  }

  @Test
  void closingRemovesTheSocketAndDisconnects() throws IOException {
    RpcServer server = start(RpcLimits.DEFAULT);
    Peer peer = peer();
    assertEquals(VERSION, peer.ask("version"));
    server.close();
    server.close();
    assertEquals("", peer.rest());
    assertFalse(Files.exists(socket));
  }

  @Test
  void closingLeavesAnothersSocketAlone() throws IOException {
    RpcServer server = start(RpcLimits.DEFAULT);
    Files.move(socket, path.resolve("moved"));
    Files.writeString(socket, "other");
    server.close();
    assertEquals("other", Files.readString(socket));
  }

  @Test
  void requestsMayComeInPieces() throws IOException {
    start(RpcLimits.DEFAULT);
    Peer peer = peer();
    for (char c : "{\"command\":\"version\"}\n".toCharArray()) {
      peer.send(String.valueOf(c));
    }
    assertEquals(VERSION, peer.line());
  }

  @Test
  void aFloodOfRequestsIsAnsweredInOrder() throws Exception {
    start(RpcLimits.DEFAULT);
    Peer peer = peer();
    int count = 20_000;
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    peer.send("{\"command\":\"version\"}\n{\"command\":\"x\"}\n".repeat(count));
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
    Peer other = peer();
    for (int i = 0; i < count; i++) {
      assertEquals(VERSION, peer.line());
      assertEquals("{\"error\":\"unknown command: x\"}", peer.line());
      if (i % 1000 == 0) {
        assertEquals(VERSION, other.ask("version"));
      }
    }
    sender.join();
  }

  @Test
  void aLineThatIsTooLongEndsTheConnection() throws IOException {
    start(RpcLimits.DEFAULT);
    String most = "{\"command\":\"" + "x".repeat(65536 - 14) + "\"}";
    Peer good = peer();
    good.send(most + "\n");
    assertTrue(good.line().startsWith("{\"error\":\"unknown command: xxx"));
    assertEquals(VERSION, good.ask("version"));

    Peer bad = peer();
    bad.send(most + " \n");
    assertTrue(bad.rest().startsWith("{\"error\":\"invalid request: line longer than 65536"));

    Peer endless = peer();
    assertThrows(
        IOException.class,
        () -> {
          for (int i = 0; i < 10_000; i++) {
            endless.send("y".repeat(65536));
          }
        });
    assertEquals(VERSION, good.ask("version"));
  }

  @Test
  void aClientThatDoesNotReadIsDroppedAndCostsNobodyElse() throws Exception {
    start(new RpcLimits(65536, 64, 10_000, 300));
    Peer lazy = peer();
    lazy.channel.configureBlocking(false);
    ByteBuffer requests =
        ByteBuffer.wrap("{\"command\":\"stats\"}\n".repeat(500).getBytes(StandardCharsets.UTF_8));
    Peer other = peer();
    boolean dropped = false;
    while (!dropped) {
      try {
        requests.rewind();
        lazy.channel.write(requests);
      } catch (IOException gone) {
        dropped = true;
      }
      assertEquals(VERSION, other.ask("version"));
      Thread.sleep(5);
    }
    assertEquals(VERSION, other.ask("version"));
  }

  @Test
  void idleClientsMakeRoomForNewOnes() throws Exception {
    start(new RpcLimits(65536, 4, 50, 10_000));
    List<Peer> idle = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      idle.add(peer());
      assertEquals(VERSION, idle.getLast().ask("version"));
    }
    Thread.sleep(100);
    assertEquals(VERSION, idle.getFirst().ask("version"));
    assertEquals(VERSION, peer().ask("version"));
    assertEquals(VERSION, idle.getFirst().ask("version"));
    assertEquals("", idle.get(1).rest());
  }

  @Test
  void tooManyClientsAreToldSo() throws IOException {
    start(new RpcLimits(65536, 2, 60_000, 10_000));
    Peer first = peer();
    assertEquals(VERSION, first.ask("version"));
    assertEquals(VERSION, peer().ask("version"));
    assertEquals("{\"error\":\"too many clients\"}\n", peer().rest());
    first.close();
    // The server learns of it in its own time.
    String reply = "";
    while (!reply.equals(VERSION)) {
      try (Peer again = new Peer(socket)) {
        again.send("{\"command\":\"version\"}\n");
        reply = again.line();
      } catch (IOException refused) {
        reply = "";
      }
    }
  }

  @Test
  void manyClientsAreServedAtOnce() throws IOException {
    start(RpcLimits.DEFAULT);
    List<Peer> peers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      peers.add(peer());
    }
    for (int round = 0; round < 20; round++) {
      for (Peer peer : peers) {
        peer.send("{\"command\":\"version\"}\n");
      }
      for (Peer peer : peers) {
        assertEquals(VERSION, peer.line());
      }
    }
  }

  @Test
  void garbageHurtsNobody() throws IOException {
    start(RpcLimits.DEFAULT);
    Peer witness = peer();
    Seeds.check(
        random -> {
          for (int i = 0; i < 300; i++) {
            try (Peer peer = new Peer(socket)) {
              byte[] bytes = new byte[random.between(0, 3000)];
              for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) (random.between(0, 3) == 0 ? random.between(0, 255) : '\n');
              }
              peer.send(bytes);
              if (random.between(0, 1) == 0) {
                peer.channel.shutdownOutput();
                peer.rest();
              }
            } catch (IOException reset) {
              // Dropped while it was still sending.
            }
          }
        });
    assertEquals(VERSION, witness.ask("version"));
  }

  @Test
  void aSubjectThatFailsIsReportedAndTheNextRequestServed() throws IOException {
    start(RpcLimits.DEFAULT);
    Peer peer = peer();
    subject.queues = new ArrayList<>();
    subject.queues.add(null);
    assertEquals("{\"error\":\"internal error\"}", peer.ask("stats"));
    assertEquals(VERSION, peer.ask("version"));
  }
}
