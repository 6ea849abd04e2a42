package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Sizes and offsets are pinned to what a C compiler gives for the kernel's headers. */
class StructuresTest {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  private final Arena arena = Arena.ofAuto();

  @Test
  void statxHasItsFieldsWhereTheKernelWritesThem() {
    MemorySegment memory = arena.allocate(256, 8);
    assertEquals(256, Statx.SIZE);
    assertEquals(256, Statx.allocate(arena).segment().byteSize());
    memory.set(INT, 4, 4096); // stx_blksize
    memory.set(SHORT, 28, (short) 0100644); // stx_mode
    memory.set(LONG, 40, 123_456_789_012L); // stx_size
    memory.set(LONG, 48, 7); // stx_blocks
    memory.set(INT, 152, 4); // stx_dio_mem_align
    memory.set(INT, 156, 512); // stx_dio_offset_align
    Statx statx = new Statx(memory);
    for (int offset : new int[] {32, 36, 136, 140}) {
      MemorySegment other = arena.allocate(Statx.SIZE, 8).copyFrom(memory);
      assertTrue(statx.isSameFile(new Statx(other)));
      other.set(ValueLayout.JAVA_INT, offset, 99);
      assertFalse(statx.isSameFile(new Statx(other)));
    }
    assertEquals(4096, statx.blockSize());
    assertTrue(statx.isRegularFile());
    assertFalse(statx.isBlockDevice());
    assertEquals(123_456_789_012L, statx.size());
    assertEquals(7 * 512, statx.allocated());
    assertEquals(4, statx.directMemoryAlignment());
    assertEquals(512, statx.directOffsetAlignment());
    assertFalse(statx.knowsDirectAlignment());
    memory.set(INT, 0, 0x2000); // STATX_DIOALIGN in stx_mask
    assertTrue(statx.knowsDirectAlignment());
    memory.set(SHORT, 28, (short) 0060660);
    assertTrue(statx.isBlockDevice());
    assertFalse(statx.isRegularFile());
  }

  @Test
  void ringParametersHaveTheirFieldsWhereTheKernelWritesThem() {
    IoUringParams params = IoUringParams.allocate(arena, 0x5a, 4096);
    MemorySegment memory = params.segment();
    assertEquals(120, memory.byteSize());
    assertEquals(4096, memory.get(INT, 4), "cq_entries");
    assertEquals(0x5a, memory.get(INT, 8), "flags");
    memory.set(INT, 0, 256);
    memory.set(INT, 20, 0x101); // features
    assertEquals(256, params.sqEntries());
    assertTrue(params.has(IoUringParams.FEAT_SINGLE_MMAP));
    assertTrue(params.has(IoUringParams.FEAT_EXT_ARG));
    assertFalse(params.has(IoUringParams.FEAT_NODROP));
    // struct io_sqring_offsets begins at 40: head, tail, ring_mask, ring_entries, flags, dropped,
    // array. struct io_cqring_offsets at 80: head, tail, ring_mask, ring_entries, overflow, cqes.
    assertEquals(40, IoUringParams.SQ_HEAD);
    assertEquals(44, IoUringParams.SQ_TAIL);
    assertEquals(48, IoUringParams.SQ_RING_MASK);
    assertEquals(56, IoUringParams.SQ_FLAGS);
    assertEquals(64, IoUringParams.SQ_ARRAY);
    assertEquals(80, IoUringParams.CQ_HEAD);
    assertEquals(84, IoUringParams.CQ_TAIL);
    assertEquals(88, IoUringParams.CQ_RING_MASK);
    assertEquals(100, IoUringParams.CQ_CQES);
    memory.set(INT, 64, 0xf000_0000);
    assertEquals(0xf000_0000L, params.offset(IoUringParams.SQ_ARRAY), "an unsigned number");
  }

  @Test
  void timespecIsSecondsAndNanoseconds() {
    Timespec time = Timespec.allocate(arena);
    assertEquals(16, time.segment().byteSize());
    time.set(3_000_000_007L);
    assertEquals(3, time.segment().get(LONG, 0));
    assertEquals(7, time.segment().get(LONG, 8));
  }

  @Test
  void flockOfAWholeFileNamesNothingButTheType() {
    MemorySegment exclusive = Flock.ofWholeFile(arena, true).segment();
    assertEquals(32, exclusive.byteSize());
    assertEquals(1, exclusive.get(SHORT, 0), "F_WRLCK");
    assertEquals(0, Flock.ofWholeFile(arena, false).segment().get(SHORT, 0), "F_RDLCK");
    for (long at = 2; at < 32; at++) {
      assertEquals(0, exclusive.get(ValueLayout.JAVA_BYTE, at), "byte " + at);
    }
  }

  @Test
  void epollEventIsPackedOnX86Only() {
    boolean x86 = System.getProperty("os.arch").equals("amd64");
    assertEquals(x86 ? 12 : 16, Abi.EPOLL_EVENT_SIZE);
    assertEquals(x86 ? 4 : 8, Abi.EPOLL_EVENT_DATA);
  }

  @Test
  void iovecsDescribeTheWantedPartOfAList() {
    MemorySegment memory = arena.allocate(1000);
    ScatterList list = new ScatterList();
    list.add(memory, 0, 100);
    list.add(memory, 500, 100);
    list.add(memory, 800, 100);
    Iovecs iovecs = new Iovecs(arena, 8);
    iovecs.set(list, 150, 100);
    assertEquals(2, iovecs.count());
    assertEquals(100, iovecs.byteSize());
    MemorySegment array = iovecs.segment();
    assertEquals(8 * 16, array.byteSize());
    assertEquals(memory.address() + 550, array.get(LONG, 0));
    assertEquals(50, array.get(LONG, 8));
    assertEquals(memory.address() + 800, array.get(LONG, 16));
    assertEquals(50, array.get(LONG, 24));
  }

  @Test
  void iovecsTakeNoMoreThanFits() {
    MemorySegment memory = arena.allocate(1000);
    ScatterList list = new ScatterList();
    for (int i = 0; i < 10; i++) {
      list.add(memory, i * 100L, 10);
    }
    Iovecs iovecs = new Iovecs(arena, 3);
    iovecs.set(list, 5, 95);
    assertEquals(3, iovecs.count());
    assertEquals(25, iovecs.byteSize());
    assertEquals(Iovecs.MAX, new Iovecs(arena, 1 << 20).capacity());
    iovecs.repeat(memory, 2500);
    assertEquals(3, iovecs.count());
    assertEquals(2500, iovecs.byteSize());
    assertEquals(500, iovecs.segment().get(LONG, 40));
  }
}
