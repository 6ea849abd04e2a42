package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct flock}: a lock of a whole file, as this library uses it.
 *
 * @param segment the 32 bytes of the structure
 * @see <a href="https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html">F_OFD_SETLK</a>
 */
record Flock(MemorySegment segment) {

  static final int SIZE = 32;
  static final int F_OFD_SETLK = 37;

  private static final int L_TYPE = 0;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;

  /** Whence, start and length of zero mean the whole file, however long it becomes. */
  static Flock ofWholeFile(Arena arena, boolean exclusive) {
    Flock lock = new Flock(arena.allocate(SIZE, 8));
    lock.segment.set(ValueLayout.JAVA_SHORT, L_TYPE, exclusive ? F_WRLCK : F_RDLCK);
    return lock;
  }
}
