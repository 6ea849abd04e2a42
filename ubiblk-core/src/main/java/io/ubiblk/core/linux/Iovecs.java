package io.ubiblk.core.linux;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An array of {@code struct iovec}: the form in which the kernel takes a scatter list.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/iovec.3type.html">iovec(3type)</a>
 */
public final class Iovecs {

  /** The most entries that the kernel takes in one call ({@code UIO_MAXIOV}). */
  public static final int MAX = 1024;

  private static final int SIZE = 16;
  private static final int IOV_BASE = 0;
  private static final int IOV_LEN = 8;

  private final MemorySegment segment;
  private final int capacity;
  private int count;
  private long byteSize;

  /**
   * Allocates an empty array.
   *
   * @param arena keeps the array
   * @param capacity number of entries, at most {@link #MAX}
   */
  public Iovecs(Arena arena, int capacity) {
    this.capacity = Math.min(capacity, MAX);
    this.segment = arena.allocate((long) this.capacity * SIZE, 8);
  }

  /**
   * Fills the array with a part of a scatter list, as much of it as fits.
   *
   * @param list the list
   * @param position first byte, counted from the start of the list
   * @param length number of bytes that are wanted
   */
  public void set(ScatterList list, long position, long length) {
    count = 0;
    byteSize = 0;
    long skip = position;
    for (int i = 0; i < list.count() && count < capacity && byteSize < length; i++) {
      long piece = list.length(i);
      if (skip >= piece) {
        skip -= piece;
        continue;
      }
      long take = Math.min(length - byteSize, piece - skip);
      put(list.segment(i).address() + list.offset(i) + skip, take);
      skip = 0;
    }
  }

  /**
   * Fills the array with the same memory again and again.
   *
   * @param memory the memory
   * @param length number of bytes that are wanted, in all
   */
  public void repeat(MemorySegment memory, long length) {
    count = 0;
    byteSize = 0;
    while (count < capacity && byteSize < length) {
      put(memory.address(), Math.min(length - byteSize, memory.byteSize()));
    }
  }

  /** {@return the number of entries that are filled} */
  public int count() {
    return count;
  }

  /** {@return the number of bytes that the filled entries describe} */
  public long byteSize() {
    return byteSize;
  }

  /** {@return how many entries the array has room for} */
  public int capacity() {
    return capacity;
  }

  MemorySegment segment() {
    return segment;
  }

  private void put(long address, long length) {
    long entry = (long) count * SIZE;
    segment.set(ValueLayout.JAVA_LONG, entry + IOV_BASE, address);
    segment.set(ValueLayout.JAVA_LONG, entry + IOV_LEN, length);
    count++;
    byteSize += length;
  }
}
