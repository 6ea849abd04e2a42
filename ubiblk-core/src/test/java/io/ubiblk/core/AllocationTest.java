package io.ubiblk.core;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.AllocationLoad.Issue;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.memory.MemoryDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is allocated for a request, once everything has been used for a while. */
class AllocationTest {

  private static final int SIZE = 1 << 20;
  private static final int MEASURED = 100_000;

  @TempDir Path directory;

  private static final Issue READ = (c, data, n) -> c.read(n % 64 * 4096L, data, n);
  private static final Issue WRITE = (c, data, n) -> c.write(n % 64 * 4096L, data, 0, n);
  private static final Issue DISCARD = (c, data, n) -> c.discard(n % 64 * 4096L, 4096, n);
  private static final Issue ZEROES = (c, data, n) -> c.writeZeroes(n % 64 * 4096L, 4096, 0, n);
  private static final Issue FLUSH = (c, data, n) -> c.flush(n);
  private static final Issue BEYOND = (c, data, n) -> c.read(SIZE, data, n);

  private static ScatterList onePiece() {
    return ScatterList.of(Arena.ofAuto().allocate(4096, 4096));
  }

  private static ScatterList pieces() {
    MemorySegment memory = Arena.ofAuto().allocate(8192, 4096);
    ScatterList list = new ScatterList();
    for (int i = 0; i < 8; i++) {
      list.add(memory, i * 1024L, 512);
    }
    return list;
  }

  private static void expectNothing(String what, BlockDevice device, Issue issue, ScatterList data)
      throws Exception {
    try (EventLoop loop = Loops.ring()) {
      expectNothing(what, loop, device, issue, data, MEASURED);
    }
  }

  private static void expectNothing(
      String what, EventLoop loop, BlockDevice device, Issue issue, ScatterList data, int requests)
      throws Exception {
    AllocationLoad.expectNothing(what, loop, device, issue, data, requests, issue == BEYOND);
  }

  @Test
  void aRawFileAllocatesNothing() throws Exception {
    Path path = directory.resolve("disk");
    try (RawFileDevice device = RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT);
        EventLoop loop = Loops.ring()) {
      expectNothing("reading", device, READ, onePiece());
      expectNothing("writing", device, WRITE, onePiece());
      expectNothing("reading into pieces", device, READ, pieces());
      expectNothing("refusing", device, BEYOND, onePiece());
      // Each of these is a transaction of the file system's, and slow.
      expectNothing("discarding", loop, device, DISCARD, onePiece(), 10_000);
      expectNothing("flushing", loop, device, FLUSH, onePiece(), 10_000);
      expectNothing("zeroing", loop, device, ZEROES, onePiece(), 10_000);
    }
  }

  @Test
  void aRawFileWithoutThePageCacheAllocatesNothing() throws Exception {
    Path path = directory.resolve("direct");
    RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
    MemorySegment memory = Arena.ofAuto().allocate(8192, 4096);
    ScatterList unaligned = ScatterList.of(memory.asSlice(1, 4096));
    try (RawFileDevice device = RawFileDevice.create(path, SIZE, direct);
        EventLoop loop = Loops.ring()) {
      expectNothing("reading", loop, device, READ, onePiece(), 10_000);
      expectNothing("reading through a buffer", loop, device, READ, unaligned, 10_000);
      expectNothing("writing through a buffer", loop, device, WRITE, unaligned, 10_000);
    }
  }

  @Test
  void theEpollReactorAllocatesNothing() throws Exception {
    Path path = directory.resolve("epoll");
    try (RawFileDevice device = RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT);
        EventLoop loop = Loops.epoll()) {
      expectNothing("reading", loop, device, READ, onePiece(), MEASURED);
    }
  }

  @Test
  void memoryAllocatesNothing() throws Exception {
    try (MemoryDevice device = new MemoryDevice(SIZE)) {
      expectNothing("reading", device, READ, onePiece());
      expectNothing("writing", device, WRITE, pieces());
      expectNothing("discarding", device, DISCARD, onePiece());
      expectNothing("flushing", device, FLUSH, onePiece());
    }
  }

  @Test
  void layersAllocateNothing() throws Exception {
    try (StatisticsDevice device = new StatisticsDevice(new MemoryDevice(SIZE))) {
      expectNothing("counting reads", device, READ, onePiece());
      expectNothing("counting writes", device, WRITE, onePiece());
      expectNothing("counting flushes", device, FLUSH, onePiece());
      expectNothing("counting refusals", device, BEYOND, onePiece());
    }
    try (ReadOnlyDevice device = new ReadOnlyDevice(new MemoryDevice(SIZE))) {
      expectNothing("reading only", device, READ, onePiece());
    }
  }
}
