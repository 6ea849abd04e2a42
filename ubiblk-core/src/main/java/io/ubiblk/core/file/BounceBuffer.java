package io.ubiblk.core.file;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Aligned memory that stands between a request's memory and the file. */
final class BounceBuffer {

  /** Large enough for the usual request, small enough to have several. */
  static final int SIZE = 256 * 1024;

  private static final int ALIGNMENT = 4096;

  private final MemorySegment memory;
  private final ScatterList list;

  BounceBuffer(Arena arena) {
    memory = arena.allocate(SIZE, ALIGNMENT);
    list = ScatterList.of(memory);
  }

  MemorySegment memory() {
    return memory;
  }

  ScatterList list() {
    return list;
  }
}
