package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The entries of both rings, byte by byte, over memory that no kernel looks at. */
class RingLayoutTest {

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final int ENTRIES = 4;
  private static final int HEAD = 0;
  private static final int TAIL = 4;
  private static final int MASK = 8;
  private static final int FLAGS = 12;
  private static final int ARRAY = 64;
  private static final int CQ_HEAD = 128;
  private static final int CQ_TAIL = 132;
  private static final int CQ_MASK = 136;
  private static final int CQES = 192;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment ring = arena.allocate(4096, 64);
  private final MemorySegment sqes = arena.allocate(64 * ENTRIES, 64);
  private final IoUringParams params = params();
  private final SubmissionQueue submissions = new SubmissionQueue(ring, sqes, 64, params);
  private final CompletionQueue completions = new CompletionQueue(ring, params);

  private IoUringParams params() {
    IoUringParams p = IoUringParams.allocate(arena, 0, ENTRIES);
    p.segment().set(INT, 40, HEAD);
    p.segment().set(INT, 44, TAIL);
    p.segment().set(INT, 48, MASK);
    p.segment().set(INT, 56, FLAGS);
    p.segment().set(INT, 64, ARRAY);
    p.segment().set(INT, 80, CQ_HEAD);
    p.segment().set(INT, 84, CQ_TAIL);
    p.segment().set(INT, 88, CQ_MASK);
    p.segment().set(INT, 100, CQES);
    ring.set(INT, MASK, ENTRIES - 1);
    ring.set(INT, CQ_MASK, ENTRIES - 1);
    return p;
  }

  private void expect(
      int index, int opcode, int flags, int fd, long off, long addr, int len, int opFlags) {
    long at = index * 64L;
    assertEquals(opcode, sqes.get(BYTE, at), "opcode");
    assertEquals(flags, sqes.get(BYTE, at + 1), "flags");
    assertEquals(0, sqes.get(ValueLayout.JAVA_SHORT, at + 2), "ioprio");
    assertEquals(fd, sqes.get(INT, at + 4), "fd");
    assertEquals(off, sqes.get(LONG, at + 8), "off");
    assertEquals(addr, sqes.get(LONG, at + 16), "addr");
    assertEquals(len, sqes.get(INT, at + 24), "len");
    assertEquals(opFlags, sqes.get(INT, at + 28), "flags of the operation");
    assertEquals(99, sqes.get(LONG, at + 32), "user_data");
    for (int i = 40; i < 64; i++) {
      assertEquals(0, sqes.get(BYTE, at + i), "byte " + i);
    }
  }

  @Test
  void transfersAreFilledInAsTheKernelReadsThem() {
    sqes.fill((byte) 0x55);
    MemorySegment memory = arena.allocate(64);
    submissions.read(5, 1L << 40, memory, 8, 16, 99);
    expect(0, 22, 0, 5, 1L << 40, memory.address() + 8, 16, 0);
    submissions.write(6, 4096, memory, 0, 64, OpenFile.RWF_DSYNC, 99);
    expect(1, 23, 0, 6, 4096, memory.address(), 64, 2);
    Iovecs iovecs = new Iovecs(arena, 2);
    iovecs.repeat(memory, 100);
    submissions.readVector(7, 512, iovecs, 99);
    expect(2, 1, 0, 7, 512, iovecs.segment().address(), 2, 0);
    submissions.writeVector(8, 513, iovecs, OpenFile.RWF_DSYNC, 99);
    expect(3, 2, 0, 8, 513, iovecs.segment().address(), 2, 2);
  }

  @Test
  void everythingElseIsFilledInAsTheKernelReadsIt() {
    sqes.fill((byte) 0x55);
    submissions.syncData(5, 99);
    expect(0, 3, 0, 5, 0, 0, 0, 1);
    submissions.allocate(6, OpenFile.PUNCH_HOLE, 4096, 8192, 99);
    expect(1, 17, 0, 6, 4096, 8192, 3, 0);
    submissions.pollReadable(7, 99);
    expect(2, 6, 0, 7, 0, 0, 1, 1);
    submissions.cancel(0x1234, 99);
    expect(3, 14, 0, -1, 0, 0x1234, 0, 0);
    ring.set(INT, HEAD, 4);
    submissions.signal(9, false, 99);
    expect(0, 23, 0, 9, -1, EventFd.ONE.address(), 8, 0);
    submissions.signal(9, true, 99);
    expect(1, 23, 16, 9, -1, EventFd.ONE.address(), 8, 0);
  }

  @Test
  void theTailIsPublishedAndTheHeadMakesRoom() {
    for (int i = 0; i < ENTRIES; i++) {
      assertEquals(i, ring.get(INT, ARRAY + 4L * i), "the array maps each place to its entry");
      assertFalse(submissions.isFull());
      submissions.syncData(i, i);
    }
    assertTrue(submissions.isFull());
    assertEquals(0, ring.get(INT, TAIL), "not published yet");
    assertEquals(4, submissions.publish());
    assertEquals(4, ring.get(INT, TAIL));
    submissions.consumed(3);
    assertEquals(1, submissions.pending());
    ring.set(INT, HEAD, 3);
    assertFalse(submissions.isFull());
  }

  @Test
  void theKernelsFlagsAskForAnEntry() {
    assertFalse(submissions.needsEnter());
    ring.set(INT, FLAGS, 1); // IORING_SQ_NEED_WAKEUP concerns a polling kernel thread only
    assertFalse(submissions.needsEnter());
    ring.set(INT, FLAGS, 2); // IORING_SQ_CQ_OVERFLOW
    assertTrue(submissions.needsEnter());
    ring.set(INT, FLAGS, 4); // IORING_SQ_TASKRUN
    assertTrue(submissions.needsEnter());
  }

  @Test
  void completionsAreReadInOrderAroundTheEndOfTheRing() {
    for (int i = 0; i < 10; i++) {
      assertEquals(0, completions.available());
      long at = CQES + 16L * (i % ENTRIES);
      ring.set(LONG, at, 1000 + i);
      ring.set(INT, at + 8, -i);
      ring.set(INT, at + 12, 2);
      ring.set(INT, CQ_TAIL, i + 1);
      assertEquals(1, completions.available());
      assertEquals(1000 + i, completions.userData());
      assertEquals(-i, completions.result());
      assertEquals(CompletionQueue.MORE, completions.flags());
      completions.advance();
      assertEquals(i + 1, ring.get(INT, CQ_HEAD));
    }
  }
}
