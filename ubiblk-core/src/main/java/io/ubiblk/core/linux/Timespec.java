package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct __kernel_timespec}: seconds and nanoseconds.
 *
 * @param segment the 16 bytes of the structure
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/time_types.h">
 *     linux/time_types.h</a>
 */
record Timespec(MemorySegment segment) {

  static final int SIZE = 16;
  private static final int TV_SEC = 0;
  private static final int TV_NSEC = 8;
  private static final long NANOS = 1_000_000_000L;

  static Timespec allocate(Arena arena) {
    return new Timespec(arena.allocate(SIZE, 8));
  }

  void set(long nanos) {
    segment.set(ValueLayout.JAVA_LONG, TV_SEC, nanos / NANOS);
    segment.set(ValueLayout.JAVA_LONG, TV_NSEC, nanos % NANOS);
  }
}
