package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct io_uring_params}: what a ring is asked to be and where its parts lie.
 *
 * @param segment the 120 bytes of the structure
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/io_uring.h">
 *     linux/io_uring.h</a>
 */
record IoUringParams(MemorySegment segment) {

  static final int SIZE = 120;

  // Flags of the set-up.
  static final int SETUP_CQSIZE = 1 << 3;
  static final int SETUP_CLAMP = 1 << 4;
  static final int SETUP_SUBMIT_ALL = 1 << 7;
  static final int SETUP_COOP_TASKRUN = 1 << 8;
  static final int SETUP_TASKRUN_FLAG = 1 << 9;
  static final int SETUP_SQE128 = 1 << 10;
  static final int SETUP_SINGLE_ISSUER = 1 << 12;
  static final int SETUP_DEFER_TASKRUN = 1 << 13;

  // Features that the kernel reports.
  static final int FEAT_SINGLE_MMAP = 1;
  static final int FEAT_NODROP = 1 << 1;
  static final int FEAT_EXT_ARG = 1 << 8;

  private static final int SQ_ENTRIES = 0;
  private static final int CQ_ENTRIES = 4;
  private static final int FLAGS = 8;
  private static final int FEATURES = 20;
  private static final int SQ_OFF = 40;
  private static final int CQ_OFF = 80;

  // struct io_sqring_offsets
  static final int SQ_HEAD = SQ_OFF;
  static final int SQ_TAIL = SQ_OFF + 4;
  static final int SQ_RING_MASK = SQ_OFF + 8;
  static final int SQ_FLAGS = SQ_OFF + 16;
  static final int SQ_ARRAY = SQ_OFF + 24;

  // struct io_cqring_offsets
  static final int CQ_HEAD = CQ_OFF;
  static final int CQ_TAIL = CQ_OFF + 4;
  static final int CQ_RING_MASK = CQ_OFF + 8;
  static final int CQ_CQES = CQ_OFF + 20;

  static IoUringParams allocate(Arena arena, int flags, int cqEntries) {
    IoUringParams params = new IoUringParams(arena.allocate(SIZE, 8));
    params.segment.set(ValueLayout.JAVA_INT, FLAGS, flags);
    params.segment.set(ValueLayout.JAVA_INT, CQ_ENTRIES, cqEntries);
    return params;
  }

  int sqEntries() {
    return segment.get(ValueLayout.JAVA_INT, SQ_ENTRIES);
  }

  int cqEntries() {
    return segment.get(ValueLayout.JAVA_INT, CQ_ENTRIES);
  }

  boolean has(int feature) {
    return (segment.get(ValueLayout.JAVA_INT, FEATURES) & feature) != 0;
  }

  /** Where a part of the ring lies in its mapping; the argument is one of the offsets above. */
  long offset(int field) {
    return Integer.toUnsignedLong(segment.get(ValueLayout.JAVA_INT, field));
  }
}
