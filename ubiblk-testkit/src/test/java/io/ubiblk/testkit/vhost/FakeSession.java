package io.ubiblk.testkit.vhost;

import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.newsclub.net.unix.AFUNIXSocket;

/** One frontend's session with a {@link FakeBackend}. Anything unexpected ends it. */
final class FakeSession implements AutoCloseable {

  static final int QUEUES = 4;
  static final long FEATURES =
      1L << 1 | 1L << 2 | 1L << 6 | 1L << 9 | 1L << 10 | 1L << 11 | 1L << 12 | 1L << 13 | 1L << 14
          | 1L << 28 | 1L << 29 | 1L << 30 | 1L << 32;
  static final long PROTOCOL = 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 15;

  private final FakeBackend backend;
  private final AFUNIXSocket socket;
  private final FakeMemory memory = new FakeMemory();
  private final FakeRing[] rings = new FakeRing[QUEUES];
  private final List<Integer> messages = new ArrayList<>();
  private int requests = -1;
  private long features;
  private int inflightSet;

  FakeSession(FakeBackend backend, AFUNIXSocket socket) {
    this.backend = backend;
    this.socket = socket;
    socket.setAncillaryReceiveBufferSize(1024);
    for (int i = 0; i < QUEUES; i++) {
      rings[i] = new FakeRing(backend, memory);
    }
  }

  void run() throws IOException {
    try {
      while (true) {
        ByteBuffer header = readFully(12);
        List<FileDescriptor> fds = new ArrayList<>();
        for (FileDescriptor received : socket.getReceivedFileDescriptors()) {
          fds.add(Descriptors.adopt(received));
        }
        int request = header.getInt();
        int flags = header.getInt();
        ByteBuffer payload = readFully(header.getInt());
        synchronized (messages) {
          messages.add(request);
        }
        handle(request, flags, payload, fds);
      }
    } catch (EOFException | IndexOutOfBoundsException e) {
      // The frontend left, or sent nonsense: either ends the session.
    }
  }

  List<Integer> messages() {
    synchronized (messages) {
      return List.copyOf(messages);
    }
  }

  FakeMemory memory() {
    return memory;
  }

  int inflightSet() {
    return inflightSet;
  }

  /** Tells the frontend that the configuration has changed, and returns its answer. */
  long announceConfigChange() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.newState(arena);
      MemorySegment message = arena.allocate(12, 4);
      message.set(ValueLayout.JAVA_INT, 0, 2);
      message.set(ValueLayout.JAVA_INT, 4, 9);
      Posix.write(requests, message, state);
      MemorySegment reply = arena.allocate(20, 4);
      if (Posix.read(requests, reply, state) != 20) {
        throw new EOFException();
      }
      return reply.get(ValueLayout.JAVA_LONG_UNALIGNED, 12);
    }
  }

  void disconnect() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    for (FakeRing ring : rings) {
      ring.stop();
    }
    if (requests >= 0) {
      Posix.close(requests);
    }
    memory.close();
  }

  private void handle(int request, int flags, ByteBuffer in, List<FileDescriptor> fds)
      throws IOException {
    switch (request) {
      case 1 -> reply(request, number(FEATURES));
      case 11 -> {
        int index = in.getInt();
        reply(request, buffer(8).putInt(index).putInt(rings[index].stop()));
      }
      case 15 -> reply(request, number(PROTOCOL));
      case 17 -> reply(request, number(QUEUES));
      case 24 -> {
        int offset = in.getInt();
        int size = in.getInt();
        ByteBuffer out = buffer(12 + size).putInt(offset).putInt(size).putInt(0);
        reply(request, out.put(backend.disk.config(QUEUES), offset, size));
      }
      case 31 -> {
        try (Memfd area = new Memfd("inflight", 4096)) {
          socket.setOutboundFileDescriptors(area.descriptor());
          ByteBuffer out = buffer(24).putLong(4096).putLong(0);
          reply(request, out.putShort(in.getShort(16)).putShort(in.getShort(18)).putInt(0));
        }
      }
      case 36 -> reply(request, number(8));
      default -> {
        long result = change(request, in, fds) ? 0 : 1;
        if ((flags & 8) != 0) {
          reply(request, number(result));
        }
      }
    }
  }

  private boolean change(int request, ByteBuffer in, List<FileDescriptor> fds) throws IOException {
    switch (request) {
      case 2 -> features = in.getLong();
      case 3, 16, 34 -> {}
      case 5 -> {
        int count = in.getInt();
        in.getInt();
        memory.clear();
        for (int i = 0; i < count; i++) {
          memory.add(in, fds.get(i));
        }
      }
      case 8 -> {
        int index = in.getInt();
        rings[index].size = in.getInt();
        return rings[index].size <= 1024;
      }
      case 9 -> {
        FakeRing ring = rings[in.getInt()];
        in.getInt();
        ring.descriptors = in.getLong();
        ring.used = in.getLong();
        ring.available = in.getLong();
        return true;
      }
      case 10 -> rings[in.getInt()].base = in.getInt();
      case 12 -> {
        FakeRing ring = rings[(int) in.getLong() & 0xff];
        ring.kick = fds.isEmpty() ? -1 : Descriptors.number(fds.getFirst());
        ring.eventIndex = (features & 1L << 29) != 0;
        ring.start();
      }
      case 13 -> {
        FakeRing ring = rings[(int) in.getLong() & 0xff];
        ring.call = fds.isEmpty() ? -1 : Descriptors.number(fds.getFirst());
      }
      case 14 -> Descriptors.closeAll(fds);
      case 18 -> rings[in.getInt()].enabled = in.getInt() == 1;
      case 21 -> requests = Descriptors.number(fds.getFirst());
      case 25 -> {
        if (in.getInt() != 32) {
          return false;
        }
        backend.disk.setWriteback(in.get(12));
      }
      case 32 -> {
        inflightSet++;
        Descriptors.closeAll(fds);
      }
      case 37 -> memory.add(in.position(8), fds.getFirst());
      case 38 -> {
        return memory.remove(in.position(8));
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void reply(int request, ByteBuffer payload) throws IOException {
    ByteBuffer out = buffer(12 + payload.capacity());
    out.putInt(request).putInt(5).putInt(payload.capacity()).put(payload.flip());
    byte[] bytes = new byte[out.capacity()];
    out.flip().get(bytes);
    socket.getOutputStream().write(bytes);
    socket.setOutboundFileDescriptors();
  }

  private ByteBuffer readFully(int size) throws IOException {
    byte[] bytes = socket.getInputStream().readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException();
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer number(long value) {
    return buffer(8).putLong(value);
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }
}
