package io.ubiblk.api;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A reusable list of pieces of native memory: the data of one request.
 *
 * <p>A piece is a range of a {@link MemorySegment}, kept as segment, offset and length so that
 * filling a list allocates nothing once the list has grown to the size that its owner needs. A
 * piece that continues the one before it is merged into it.
 *
 * <p><b>Ownership.</b> The list belongs to its creator, except between issuing a request with it
 * and that request's completion, when it belongs to the channel. It keeps no memory alive: whoever
 * adds a segment sees to it that the segment lives until the request is over.
 *
 * <p><b>Thread.</b> Not thread-safe.
 *
 * <p><b>Memory that vanishes.</b> The memory may be shared with another process, which can truncate
 * the file behind it. The copying methods then report failure instead of throwing.
 */
public final class ScatterList {

  private MemorySegment[] segments;
  private long[] offsets;
  private long[] lengths;
  private int count;
  private long byteSize;

  /** Creates an empty list with room for a few pieces. */
  public ScatterList() {
    this(4);
  }

  /**
   * Creates an empty list.
   *
   * @param capacity number of pieces that fit before the list has to grow
   */
  public ScatterList(int capacity) {
    segments = new MemorySegment[Math.max(1, capacity)];
    Arrays.fill(segments, MemorySegment.NULL);
    offsets = new long[segments.length];
    lengths = new long[segments.length];
  }

  /**
   * Creates a list of one whole segment.
   *
   * @param segment native memory
   * @return the list
   */
  public static ScatterList of(MemorySegment segment) {
    ScatterList list = new ScatterList(1);
    list.add(segment, 0, segment.byteSize());
    return list;
  }

  /** Removes every piece. The list may still refer to the segments until it is filled again. */
  public void clear() {
    count = 0;
    byteSize = 0;
  }

  /** Removes every piece and forgets the segments, so that they can be collected. */
  public void release() {
    Arrays.fill(segments, MemorySegment.NULL);
    clear();
  }

  /**
   * Adds a piece. One of length zero is ignored.
   *
   * @param segment native memory
   * @param offset first byte of the piece inside the segment
   * @param length length of the piece in bytes
   * @throws IllegalArgumentException if the segment is on the heap
   * @throws IndexOutOfBoundsException if the piece does not lie inside the segment
   */
  @SuppressWarnings("MemorySegmentReferenceEquality") // identity is enough to merge, and cheaper
  public void add(MemorySegment segment, long offset, long length) {
    // Both checks guard the process: a kernel that is given the address writes wherever it points.
    if (!segment.isNative()) {
      throw new IllegalArgumentException("heap segment, expected native memory: " + segment);
    }
    Objects.checkFromIndexSize(offset, length, segment.byteSize());
    if (length == 0) {
      return;
    }
    int last = count - 1;
    if (last >= 0 && segments[last] == segment && offsets[last] + lengths[last] == offset) {
      lengths[last] += length;
    } else {
      append(segment, offset, length);
    }
    byteSize += length;
  }

  /**
   * Removes bytes from the end.
   *
   * @param newByteSize total length to leave, in bytes
   * @throws IndexOutOfBoundsException if the list is shorter than that
   */
  public void truncate(long newByteSize) {
    Objects.checkFromToIndex(0, newByteSize, byteSize);
    while (byteSize > newByteSize) {
      long cut = Math.min(byteSize - newByteSize, lengths[count - 1]);
      lengths[count - 1] -= cut;
      byteSize -= cut;
      if (lengths[count - 1] == 0) {
        count--;
      }
    }
  }

  /**
   * Adds a part of another list.
   *
   * @param other the list to take pieces from; not this one
   * @param position first byte, counted from the start of the other list
   * @param length number of bytes
   * @throws IndexOutOfBoundsException if the part does not lie inside the other list
   */
  public void addRange(ScatterList other, long position, long length) {
    Objects.checkFromIndexSize(position, length, other.byteSize);
    long skip = position;
    long left = length;
    for (int i = 0; left > 0; i++) {
      long piece = other.lengths[i];
      if (skip >= piece) {
        skip -= piece;
        continue;
      }
      long take = Math.min(left, piece - skip);
      add(other.segments[i], other.offsets[i] + skip, take);
      left -= take;
      skip = 0;
    }
  }

  /** {@return the number of pieces} */
  public int count() {
    return count;
  }

  /** {@return the total length of all pieces in bytes} */
  public long byteSize() {
    return byteSize;
  }

  /**
   * Returns the segment of a piece.
   *
   * @param index 0 to {@link #count()} - 1
   * @return the segment that was added, or the one that it continues
   */
  public MemorySegment segment(int index) {
    return segments[index];
  }

  /**
   * Returns where a piece begins in its segment.
   *
   * @param index 0 to {@link #count()} - 1
   * @return offset in bytes
   */
  public long offset(int index) {
    return offsets[index];
  }

  /**
   * Returns the length of a piece.
   *
   * @param index 0 to {@link #count()} - 1
   * @return length in bytes, at least 1
   */
  public long length(int index) {
    return lengths[index];
  }

  /**
   * Returns whether every piece begins at a multiple of one number and is as long as a multiple of
   * another.
   *
   * @param address alignment of the addresses in bytes, a power of two
   * @param length alignment of the lengths in bytes, a power of two
   * @return whether all pieces are aligned
   */
  public boolean isAligned(long address, long length) {
    for (int i = 0; i < count; i++) {
      if (((segments[i].address() + offsets[i]) & (address - 1)) != 0
          || (lengths[i] & (length - 1)) != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Copies from the list into a segment.
   *
   * @param position first byte, counted from the start of the list
   * @param dst segment to copy to, of any kind
   * @param dstOffset first byte in the segment
   * @param length number of bytes
   * @return false if memory of the list was not there any more; the target's content is then
   *     undefined
   * @throws IndexOutOfBoundsException if a range does not lie inside the list or the segment
   */
  public boolean copyTo(long position, MemorySegment dst, long dstOffset, long length) {
    Objects.checkFromIndexSize(position, length, byteSize);
    Objects.checkFromIndexSize(dstOffset, length, dst.byteSize());
    try {
      long skip = position;
      long done = 0;
      int i = 0;
      while (done < length) {
        long piece = lengths[i];
        if (skip < piece) {
          long take = Math.min(length - done, piece - skip);
          MemorySegment.copy(segments[i], offsets[i] + skip, dst, dstOffset + done, take);
          done += take;
          skip = 0;
        } else {
          skip -= piece;
        }
        i++;
      }
      MemoryFault.surface();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  /**
   * Copies from a segment into the list.
   *
   * @param position first byte, counted from the start of the list
   * @param src segment to copy from, of any kind
   * @param srcOffset first byte in the segment
   * @param length number of bytes
   * @return false if memory of the list was not there any more; its content is then undefined
   * @throws IndexOutOfBoundsException if a range does not lie inside the list or the segment
   */
  public boolean copyFrom(long position, MemorySegment src, long srcOffset, long length) {
    Objects.checkFromIndexSize(position, length, byteSize);
    Objects.checkFromIndexSize(srcOffset, length, src.byteSize());
    try {
      long skip = position;
      long done = 0;
      int i = 0;
      while (done < length) {
        long piece = lengths[i];
        if (skip < piece) {
          long take = Math.min(length - done, piece - skip);
          MemorySegment.copy(src, srcOffset + done, segments[i], offsets[i] + skip, take);
          done += take;
          skip = 0;
        } else {
          skip -= piece;
        }
        i++;
      }
      MemoryFault.surface();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  /**
   * Fills a part of the list with one value.
   *
   * @param position first byte, counted from the start of the list
   * @param length number of bytes
   * @param value the value
   * @return false if memory of the list was not there any more; its content is then undefined
   * @throws IndexOutOfBoundsException if the range does not lie inside the list
   */
  public boolean fill(long position, long length, byte value) {
    Objects.checkFromIndexSize(position, length, byteSize);
    try {
      long skip = position;
      long left = length;
      int i = 0;
      while (left > 0) {
        long piece = lengths[i];
        if (skip < piece) {
          long take = Math.min(left, piece - skip);
          segments[i].asSlice(offsets[i] + skip, take).fill(value);
          left -= take;
          skip = 0;
        } else {
          skip -= piece;
        }
        i++;
      }
      MemoryFault.surface();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  private void append(MemorySegment segment, long offset, long length) {
    if (count == segments.length) {
      segments = Arrays.copyOf(segments, count * 2);
      offsets = Arrays.copyOf(offsets, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    segments[count] = segment;
    offsets[count] = offset;
    lengths[count] = length;
    count++;
  }

  @Override
  public String toString() {
    return "ScatterList[" + count + " pieces, " + byteSize + " bytes]";
  }
}
