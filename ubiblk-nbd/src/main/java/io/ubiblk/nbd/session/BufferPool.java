package io.ubiblk.nbd.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The buffers that the connections of one reactor have in common. Their sizes are powers of two.
 * Those that are given back are kept for the next request, up to a bound, until no connection is
 * left. Confined to the reactor's thread.
 */
public final class BufferPool {

  private static final int SMALLEST_SHIFT = 12;
  private static final int LARGEST_SHIFT = 26;

  private final List<ArrayDeque<PooledBuffer>> free = new ArrayList<>();
  private final long mostKept;
  private long kept;
  private int users;

  /**
   * Creates an empty pool.
   *
   * @param mostKept most bytes to keep in buffers that are free
   */
  public BufferPool(long mostKept) {
    this.mostKept = mostKept;
    for (int shift = SMALLEST_SHIFT; shift <= LARGEST_SHIFT; shift++) {
      free.add(new ArrayDeque<>());
    }
  }

  /** The size of the buffer that a number of bytes needs. */
  static long sizeFor(long bytes) {
    long size = Long.highestOneBit(Math.max(1, bytes) * 2 - 1);
    return Math.max(1L << SMALLEST_SHIFT, size);
  }

  /** A connection begins to use the pool. */
  void enter() {
    users++;
  }

  /** A connection has given back all that it had taken. */
  void leave() {
    users--;
    if (users == 0) {
      free.forEach(this::freeAll);
      kept = 0;
    }
  }

  PooledBuffer take(long bytes) {
    long size = sizeFor(bytes);
    PooledBuffer buffer = free.get(index(size)).poll();
    if (buffer == null) {
      return new PooledBuffer(size);
    }
    kept -= size;
    return buffer;
  }

  void give(PooledBuffer buffer) {
    long size = buffer.size();
    if (kept + size > mostKept) {
      buffer.free();
    } else {
      kept += size;
      // The one that was used last is the one that caches know.
      free.get(index(size)).push(buffer);
    }
  }

  /** {@return bytes in buffers that are kept and free} */
  public long kept() {
    return kept;
  }

  private void freeAll(ArrayDeque<PooledBuffer> buffers) {
    buffers.forEach(PooledBuffer::free);
    buffers.clear();
  }

  private static int index(long size) {
    return Long.numberOfTrailingZeros(size) - SMALLEST_SHIFT;
  }
}
