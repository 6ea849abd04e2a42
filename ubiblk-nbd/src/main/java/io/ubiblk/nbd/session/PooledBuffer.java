package io.ubiblk.nbd.session;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Memory of one request. Shared, because devices may work on it on other threads. */
final class PooledBuffer {

  private static final int PAGE = 4096;

  final MemorySegment memory;

  /** The memory in network byte order, for the headers that are put into it. */
  final ByteBuffer view;

  private final Arena arena = Arena.ofShared();

  PooledBuffer(long size) {
    memory = arena.allocate(size, PAGE);
    view = memory.asByteBuffer();
  }

  long size() {
    return memory.byteSize();
  }

  void free() {
    arena.close();
  }
}
