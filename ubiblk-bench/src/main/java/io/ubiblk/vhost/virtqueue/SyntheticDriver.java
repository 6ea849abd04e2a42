package io.ubiblk.vhost.virtqueue;

import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.memory.MappedRegion;
import io.ubiblk.vhost.memory.RegionDescription;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The driver's side of a ring in shared memory, with reads of 4096 bytes that are written down once
 * and offered again and again.
 */
final class SyntheticDriver implements AutoCloseable {

  static final int RING = 256;

  /** Number of different chains; a divisor of the ring's size. */
  private static final int CHAINS = 64;

  private static final long BASE = 0x10000000L;
  private static final int BYTES = 1 << 20;
  private static final int BLOCK = 4096;
  private static final int TABLE = 0;
  private static final int AVAILABLE = 0x2000;
  private static final int USED = 0x3000;
  private static final int HEADERS = 0x4000;
  private static final int TABLES = 0x8000;
  private static final int DATA = 0x10000;

  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final VarHandle SHORT_HANDLE = SHORT.varHandle();

  private final Path file;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment view;
  private final GuestMemory memory;
  private final ChainShape shape;
  private int offered;

  SyntheticDriver(ChainShape shape) throws IOException {
    this.shape = shape;
    // Not on a disk: writing back would stop the writers of the mapping again and again.
    this.file = Files.createTempFile(Path.of("/dev/shm"), "ubiblk-bench", ".guest");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.truncate(0);
      view = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
    }
    memory = GuestMemory.of(List.of(map()));
    for (int i = 0; i < CHAINS; i++) {
      writeChain(i);
    }
    for (int i = 0; i < RING; i++) {
      view.set(SHORT, AVAILABLE + 4 + 2L * i, (short) head(i % CHAINS));
    }
  }

  private MappedRegion map() throws IOException {
    try (OpenFile open = OpenFile.open(file, OpenFile.READ_WRITE)) {
      return MappedRegion.map(
          new RegionDescription(BASE, BYTES, BASE, 0), Descriptor.duplicate(open.fd()), true);
    }
  }

  GuestMemory memory() {
    return memory;
  }

  RingSetup setup() {
    return new RingSetup(
        RING, 0, BASE + TABLE, BASE + AVAILABLE, BASE + USED, true, shape == ChainShape.INDIRECT);
  }

  /** Makes more chains available. */
  void offer(int count) {
    offered += count;
    SHORT_HANDLE.setRelease(view, (long) AVAILABLE + 2, (short) offered);
  }

  /** Whether everything that was offered has come back. */
  boolean hasAll() {
    return (short) SHORT_HANDLE.getAcquire(view, (long) USED + 2) == (short) offered;
  }

  /** The status byte that a chain's last request left. */
  byte status(int chain) {
    return view.get(ValueLayout.JAVA_BYTE, HEADERS + 32L * chain + 16);
  }

  private int head(int chain) {
    return shape == ChainShape.DIRECT ? 3 * chain : chain;
  }

  private void writeChain(int chain) {
    // A header says: read sector 8 * chain. Behind it is the status byte.
    long header = HEADERS + 32L * chain;
    view.set(ValueLayout.JAVA_INT, header, BlockRequest.TYPE_IN);
    view.set(ValueLayout.JAVA_LONG, header + 8, 8L * chain);
    view.set(ValueLayout.JAVA_BYTE, header + 16, (byte) 0xff);
    boolean direct = shape == ChainShape.DIRECT;
    long table = direct ? TABLE : TABLES + 48L * chain;
    int first = direct ? head(chain) : 0;
    descriptor(table, first, BASE + header, 16, NEXT, first + 1);
    // The data of all chains is one block: what is in it does not matter.
    descriptor(table, first + 1, BASE + DATA, BLOCK, NEXT | WRITE, first + 2);
    descriptor(table, first + 2, BASE + header + 16, 1, WRITE, 0);
    if (!direct) {
      descriptor(TABLE, chain, BASE + table, 48, INDIRECT, 0);
    }
  }

  private void descriptor(long table, int index, long address, int length, int flags, int next) {
    long at = table + 16L * index;
    view.set(ValueLayout.JAVA_LONG, at, address);
    view.set(ValueLayout.JAVA_INT, at + 8, length);
    view.set(SHORT, at + 12, (short) flags);
    view.set(SHORT, at + 14, (short) next);
  }

  @Override
  public void close() throws IOException {
    memory.release();
    arena.close();
    Files.delete(file);
  }
}
