package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.linux.StreamSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sockets on reactors of both kinds, driven by the test's thread. */
@Timeout(60)
class SocketPortTest {

  @TempDir Path folder;

  /** A reactor, a port and the socket at its other end. */
  private final class Pair implements SocketHandler, AutoCloseable {
    final List<Integer> received = new ArrayList<>();
    final List<Integer> sent = new ArrayList<>();
    final Arena arena = Arena.ofShared();
    final BaseLoop loop;
    final SocketPort port;
    final SocketChannel other;
    boolean closed;

    Pair(ReactorOptions.Kind kind) throws Exception {
      loop = ReactorOptions.of(1).withKind(kind).open();
      Path path = folder.resolve("s");
      try (StreamSocket listening = StreamSocket.listen(path, 1)) {
        assertNull(listening.accept());
        other = SocketChannel.open(UnixDomainSocketAddress.of(path));
        StreamSocket accepted = listening.accept();
        assertNotNull(accepted);
        port = loop.openSocket(accepted, this);
      }
    }

    void drive(BooleanSupplier until) {
      while (!until.getAsBoolean()) {
        if (loop.turn() == 0) {
          loop.await(1_000_000);
        }
      }
    }

    ScatterList list(int... lengths) {
      ScatterList list = new ScatterList();
      for (int length : lengths) {
        list.add(arena.allocate(length), 0, length);
      }
      return list;
    }

    @Override
    public void received(int result) {
      received.add(result);
    }

    @Override
    public void sent(int result) {
      sent.add(result);
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        port.close(() -> closed = true);
        drive(() -> closed);
      }
      other.close();
      loop.close();
      arena.close();
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void bytesArriveInThePiecesOfTheList(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      ScatterList list = pair.list(10, 20);
      pair.port.receive(list);
      for (int i = 0; i < 20; i++) {
        pair.loop.turn();
      }
      assertEquals(List.of(), pair.received);
      byte[] bytes = random(25);
      pair.other.write(ByteBuffer.wrap(bytes));
      pair.drive(() -> !pair.received.isEmpty());
      assertEquals(List.of(25), pair.received);
      byte[] copy = new byte[25];
      assertTrue(list.copyTo(0, MemorySegment.ofArray(copy), 0, 25));
      assertArrayEquals(bytes, copy);
      pair.port.receive(pair.list(100));
      pair.other.close();
      pair.drive(() -> pair.received.size() == 2);
      assertEquals(0, pair.received.getLast());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void aListIsSentFromAPositionOn(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      byte[] bytes = random(300);
      ScatterList list = pair.list(100, 100, 100);
      list.copyFrom(0, MemorySegment.ofArray(bytes), 0, 300);
      pair.port.send(list, 150);
      pair.drive(() -> !pair.sent.isEmpty());
      assertEquals(List.of(150), pair.sent);
      ByteBuffer arrived = ByteBuffer.allocate(150);
      while (arrived.hasRemaining()) {
        pair.other.read(arrived);
      }
      assertArrayEquals(Arrays.copyOfRange(bytes, 150, 300), arrived.array());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void moreThanTheSocketHoldsIsSentInTheEnd(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      byte[] bytes = random(5_000_000);
      ScatterList list = new ScatterList();
      list.add(pair.arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, bytes.length);
      ByteBuffer arrived = ByteBuffer.allocate(bytes.length);
      Thread reader =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (arrived.hasRemaining()) {
                        pair.other.read(arrived);
                      }
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      long done = 0;
      while (done < bytes.length) {
        int before = pair.sent.size();
        pair.port.send(list, done);
        pair.drive(() -> pair.sent.size() > before);
        assertTrue(pair.sent.getLast() > 0);
        done += pair.sent.getLast();
      }
      reader.join();
      assertArrayEquals(bytes, arrived.array());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void closingEndsWhatIsInFlight(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      pair.port.receive(pair.list(100));
      pair.port.send(pair.list(10_000_000), 0);
      for (int i = 0; i < 20; i++) {
        pair.loop.turn();
      }
      pair.port.close(() -> pair.closed = true);
      assertTrue(!pair.closed);
      pair.drive(() -> pair.closed);
      assertEquals(1, pair.received.size());
      assertTrue(!pair.sent.isEmpty());
      ByteBuffer sink = ByteBuffer.allocate(1 << 20);
      while (pair.other.read(sink.clear()) >= 0) {
        // What had been taken is delivered, and then the end.
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void sendingToSomebodyWhoHasGoneFails(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      pair.other.close();
      pair.port.send(pair.list(100), 0);
      pair.drive(() -> !pair.sent.isEmpty());
      assertTrue(pair.sent.getLast() < 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void aPortThatDoesNothingCloses(ReactorOptions.Kind kind) throws Exception {
    try (Pair pair = new Pair(kind)) {
      assertTrue(!pair.closed);
    }
  }
}
