package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The device's side of a ring, on a thread of its own while it runs. */
final class FakeRing {

  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
  private static final int LONGEST_CHAIN = 2000;

  private record Buffer(long address, int length, boolean write) {}

  private static final class BadChain extends Exception {
    private static final long serialVersionUID = 1L;
  }

  final FakeBackend backend;
  final FakeMemory memory;
  int size;
  int base;
  long descriptors;
  long used;
  long available;
  int kick = -1;
  int call = -1;
  boolean eventIndex;
  volatile boolean enabled;
  private volatile boolean running;
  private int usedIndex;
  private int takenIndex;
  private @Nullable Thread thread;

  FakeRing(FakeBackend backend, FakeMemory memory) {
    this.backend = backend;
    this.memory = memory;
  }

  void start() {
    running = true;
    takenIndex = base;
    thread = Thread.ofPlatform().daemon().name("fake-ring").start(this::run);
  }

  /** Stops and answers the base. */
  int stop() {
    Thread stopping = thread;
    if (stopping != null) {
      running = false;
      try {
        stopping.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      thread = null;
      base = takenIndex & 0xffff;
    }
    close(kick);
    close(call);
    kick = -1;
    call = -1;
    return base;
  }

  private static void close(int fd) {
    if (fd >= 0) {
      Posix.close(fd);
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.newState(arena);
      MemorySegment eight = arena.allocate(8, 8);
      usedIndex = (short) SHORT.getAcquire(memory.user(used), 2L);
      while (running) {
        if (kick < 0 || Posix.poll(kick, Posix.POLLIN, 2)) {
          if (kick >= 0) {
            Posix.read(kick, eight, state);
          }
        }
        while (enabled && process()) {
          // Until nothing is found.
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean process() throws IOException {
    MemorySegment avail = memory.user(available);
    int index = Short.toUnsignedInt((short) SHORT.getAcquire(avail, 2L));
    List<Integer> heads = new ArrayList<>();
    while ((takenIndex & 0xffff) != index) {
      long at = 4 + 2L * (takenIndex++ & (size - 1));
      heads.add(Short.toUnsignedInt(avail.get(ValueLayout.JAVA_SHORT, at)));
    }
    if (eventIndex) {
      memory.user(used).set(ValueLayout.JAVA_SHORT, 4 + 8L * size, (short) takenIndex);
      VarHandle.fullFence();
      if (Short.toUnsignedInt((short) SHORT.getAcquire(avail, 2L)) != (takenIndex & 0xffff)) {
        backend.latePublications.incrementAndGet();
      }
    }
    if (heads.isEmpty()) {
      return false;
    }
    if (backend.reverse) {
      Collections.reverse(heads);
    }
    int before = usedIndex;
    for (int head : heads) {
      if (backend.swallow.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        continue;
      }
      complete(head, serve(head));
    }
    if (usedIndex != before) {
      notifyDriver(avail, before);
    }
    return true;
  }

  private void complete(int head, int written) {
    Misbehaviour misbehaviour = backend.misbehaviour;
    put(
        misbehaviour == Misbehaviour.UNKNOWN_HEAD ? 0x1_0003 : head,
        misbehaviour == Misbehaviour.TOO_LONG ? written + 1_000_000 : written);
    if (misbehaviour == Misbehaviour.USED_TWICE) {
      put(head, written);
    }
  }

  private void put(int head, int written) {
    MemorySegment ring = memory.user(used);
    long at = 4 + 8L * (usedIndex & (size - 1));
    ring.set(ValueLayout.JAVA_INT, at, head);
    ring.set(ValueLayout.JAVA_INT, at + 4, written);
    usedIndex++;
    SHORT.setRelease(ring, 2L, (short) usedIndex);
  }

  private void notifyDriver(MemorySegment avail, int before) throws IOException {
    VarHandle.fullFence();
    boolean wanted;
    if (eventIndex) {
      int event = avail.get(ValueLayout.JAVA_SHORT, 4 + 2L * size);
      wanted = (usedIndex - event - 1 & 0xffff) < (usedIndex - before & 0xffff);
    } else {
      wanted = (avail.get(ValueLayout.JAVA_SHORT, 0) & 1) == 0;
    }
    if (!wanted) {
      backend.suppressedCalls.incrementAndGet();
    } else if (call >= 0 && backend.misbehaviour != Misbehaviour.NO_CALL) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment one = arena.allocate(8, 8);
        one.set(ValueLayout.JAVA_LONG, 0, 1);
        Posix.write(call, one, Posix.newState(arena));
      }
    }
  }

  /** Serves a chain and returns how many bytes were written to it. */
  private int serve(int head) {
    List<Buffer> chain = new ArrayList<>();
    try {
      walk(table(descriptors, size), head, chain);
    } catch (BadChain | IndexOutOfBoundsException e) {
      return 0;
    }
    int room = chain.stream().filter(Buffer::write).mapToInt(Buffer::length).sum();
    if (room == 0) {
      return 0;
    }
    try {
      byte[] reply = backend.disk.answer(gather(chain), room);
      if (backend.misbehaviour == Misbehaviour.NO_STATUS) {
        reply[room - 1] = (byte) 0xff;
      }
      scatter(chain, reply);
      return room;
    } catch (IndexOutOfBoundsException e) {
      return failed(chain);
    }
  }

  private int failed(List<Buffer> chain) {
    Buffer last = chain.reversed().stream().filter(Buffer::write).findFirst().orElseThrow();
    try {
      memory.copy(last.address + last.length - 1, new byte[] {1}, 0, 1, true);
      return 1;
    } catch (IndexOutOfBoundsException e) {
      return 0;
    }
  }

  private byte[] gather(List<Buffer> chain) {
    int length = chain.stream().filter(b -> !b.write).mapToInt(Buffer::length).sum();
    byte[] bytes = new byte[length];
    int at = 0;
    for (Buffer buffer : chain) {
      if (!buffer.write) {
        memory.copy(buffer.address, bytes, at, buffer.length, false);
        at += buffer.length;
      }
    }
    return bytes;
  }

  private void scatter(List<Buffer> chain, byte[] reply) {
    int at = 0;
    for (Buffer buffer : chain) {
      if (buffer.write) {
        memory.copy(buffer.address, reply, at, buffer.length, true);
        at += buffer.length;
      }
    }
  }

  private ByteBuffer table(long address, int entries) {
    byte[] copy = new byte[entries * 16];
    MemorySegment.copy(memory.user(address), ValueLayout.JAVA_BYTE, 0, copy, 0, copy.length);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void walk(ByteBuffer table, int first, List<Buffer> chain) throws BadChain {
    int index = first;
    while (true) {
      if (index * 16 >= table.capacity() || chain.size() > LONGEST_CHAIN) {
        throw new BadChain();
      }
      long address = table.getLong(index * 16);
      int length = table.getInt(index * 16 + 8);
      int flags = table.getShort(index * 16 + 12);
      if ((flags & 4) != 0) {
        if (length <= 0 || length % 16 != 0) {
          throw new BadChain();
        }
        byte[] copy = new byte[length];
        memory.copy(address, copy, 0, length, false);
        walk(ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN), 0, chain);
      } else if (length < 0 || length > 16 << 20) {
        throw new BadChain();
      } else {
        chain.add(new Buffer(address, length, (flags & 2) != 0));
      }
      if ((flags & 1) == 0) {
        return;
      }
      index = Short.toUnsignedInt(table.getShort(index * 16 + 14));
    }
  }
}
