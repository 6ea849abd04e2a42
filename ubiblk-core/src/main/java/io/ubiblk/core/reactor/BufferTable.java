package io.ubiblk.core.reactor;

import io.ubiblk.core.linux.IoUring;
import java.util.BitSet;

/** The numbers of a ring's fixed buffers. The ring gets its table when the first are asked for. */
final class BufferTable {

  /** The largest table that a ring can have (IORING_MAX_REG_BUFFERS). */
  static final int SIZE = 1 << 14;

  private final IoUring ring;
  private final BitSet reserved = new BitSet();
  private boolean asked;
  private int size;

  BufferTable(IoUring ring) {
    this.ring = ring;
  }

  int reserve(int count) {
    if (!asked) {
      asked = true;
      // A ring never gets another table, so it is the largest at once: pointers, 128 KiB.
      size = ring.registerTable(SIZE) == 0 ? SIZE : 0;
    }
    for (int first = 0; first + count <= size; ) {
      int next = reserved.nextSetBit(first);
      if (next < 0 || next >= first + count) {
        reserved.set(first, first + count);
        return first;
      }
      first = reserved.nextClearBit(next);
    }
    return -1;
  }

  void release(int first, int count) {
    reserved.clear(first, first + count);
  }
}
