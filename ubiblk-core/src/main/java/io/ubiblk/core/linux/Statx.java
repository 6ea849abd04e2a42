package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct statx}: what the kernel knows of a file.
 *
 * @param segment the 256 bytes of the structure
 * @see <a href="https://man7.org/linux/man-pages/man2/statx.2.html">statx(2)</a>
 */
record Statx(MemorySegment segment) {

  static final int SIZE = 256;

  /** Request the basic fields and the direct I/O alignment (Linux 6.1). */
  static final int MASK = 0x7ff | 0x2000;

  static final int AT_EMPTY_PATH = 0x1000;

  private static final int STX_MASK = 0;
  private static final int STX_BLKSIZE = 4;
  private static final int STX_MODE = 28;
  private static final int STX_INO = 32;
  private static final int STX_SIZE = 40;
  private static final int STX_BLOCKS = 48;
  private static final int STX_DEV_MAJOR = 136;
  private static final int STX_DEV_MINOR = 140;
  private static final int STX_DIO_MEM_ALIGN = 152;
  private static final int STX_DIO_OFFSET_ALIGN = 156;

  private static final int STATX_DIOALIGN = 0x2000;
  private static final int S_IFMT = 0170000;
  private static final int S_IFREG = 0100000;
  private static final int S_IFBLK = 0060000;

  static Statx allocate(Arena arena) {
    return new Statx(arena.allocate(SIZE, 8));
  }

  private int type() {
    return segment.get(ValueLayout.JAVA_SHORT, STX_MODE) & S_IFMT;
  }

  boolean isRegularFile() {
    return type() == S_IFREG;
  }

  boolean isBlockDevice() {
    return type() == S_IFBLK;
  }

  /** Whether another structure speaks of the same file. */
  boolean isSameFile(Statx other) {
    return segment.get(ValueLayout.JAVA_LONG, STX_INO)
            == other.segment.get(ValueLayout.JAVA_LONG, STX_INO)
        && segment.get(ValueLayout.JAVA_INT, STX_DEV_MAJOR)
            == other.segment.get(ValueLayout.JAVA_INT, STX_DEV_MAJOR)
        && segment.get(ValueLayout.JAVA_INT, STX_DEV_MINOR)
            == other.segment.get(ValueLayout.JAVA_INT, STX_DEV_MINOR);
  }

  long size() {
    return segment.get(ValueLayout.JAVA_LONG, STX_SIZE);
  }

  /** Bytes of storage that the file occupies. */
  long allocated() {
    return segment.get(ValueLayout.JAVA_LONG, STX_BLOCKS) * 512;
  }

  int blockSize() {
    return segment.get(ValueLayout.JAVA_INT, STX_BLKSIZE);
  }

  boolean knowsDirectAlignment() {
    return (segment.get(ValueLayout.JAVA_INT, STX_MASK) & STATX_DIOALIGN) != 0;
  }

  /** Alignment of memory for direct I/O in bytes, or 0 if direct I/O is not possible. */
  int directMemoryAlignment() {
    return segment.get(ValueLayout.JAVA_INT, STX_DIO_MEM_ALIGN);
  }

  /**
   * Alignment of offsets and lengths for direct I/O in bytes, or 0 if direct I/O is not possible.
   */
  int directOffsetAlignment() {
    return segment.get(ValueLayout.JAVA_INT, STX_DIO_OFFSET_ALIGN);
  }
}
