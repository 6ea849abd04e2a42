package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Where the errno of a call is left, kept by those who call often so that a call allocates nothing.
 * Confined to one thread.
 */
public final class ErrorState {

  private final MemorySegment segment;

  /**
   * Allocates the memory.
   *
   * @param arena keeps it
   */
  public ErrorState(Arena arena) {
    segment = Syscall.newCapture(arena);
  }

  MemorySegment segment() {
    return segment;
  }
}
