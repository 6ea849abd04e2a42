package io.ubiblk.nbd.session;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Finds the blocks of 4 KiB, aligned on the device, that hold nothing but zeros. */
final class ZeroBlocks {

  /** Size and alignment of a block in bytes. */
  static final int BLOCK = 4096;

  private static final MemorySegment ZEROS = Arena.global().allocate(BLOCK, 64);

  private ZeroBlocks() {}

  /**
   * Returns where the next zeros begin.
   *
   * @param memory the content
   * @param base position on the device of the memory's first byte
   * @param from where to begin looking, on the device
   * @param to where the content ends, on the device
   * @return beginning of the first block of zeros, or {@code to} if there is none
   */
  static long next(MemorySegment memory, long base, long from, long to) {
    long at = (from + BLOCK - 1) & -BLOCK;
    while (at <= to - BLOCK) {
      if (isZero(memory, at - base)) {
        return at;
      }
      at += BLOCK;
    }
    return to;
  }

  /**
   * Returns where zeros end.
   *
   * @param memory the content
   * @param base position on the device of the memory's first byte
   * @param from a block of zeros
   * @param to where the content ends, on the device
   * @return end of the last block of zeros
   */
  static long end(MemorySegment memory, long base, long from, long to) {
    long at = from + BLOCK;
    while (at <= to - BLOCK && isZero(memory, at - base)) {
      at += BLOCK;
    }
    return at;
  }

  private static boolean isZero(MemorySegment memory, long at) {
    // Most blocks that hold data show it at once.
    return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at) == 0
        && memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + BLOCK / 2) == 0
        && MemorySegment.mismatch(memory, at, at + BLOCK, ZEROS, 0, BLOCK) < 0;
  }
}
