package io.ubiblk.testkit;

import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.ScatterList;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Bytes in memory, of which only those that were written take up any. Zero until written. Not
 * thread-safe.
 */
final class SparseStore {

  private static final int CHUNK = 4096;

  private final Map<Long, byte[]> chunks;
  private long size;

  SparseStore(long size) {
    this(size, new HashMap<>());
  }

  private SparseStore(long size, Map<Long, byte[]> chunks) {
    this.size = size;
    this.chunks = chunks;
  }

  SparseStore copy() {
    Map<Long, byte[]> copies = HashMap.newHashMap(chunks.size());
    chunks.forEach((index, chunk) -> copies.put(index, chunk.clone()));
    return new SparseStore(size, copies);
  }

  long size() {
    return size;
  }

  void grow(long newSize) {
    size = newSize;
  }

  /** Copies into a list; returns false if the list's memory has vanished. */
  boolean read(long offset, ScatterList dst) {
    long length = dst.byteSize();
    Objects.checkFromIndexSize(offset, length, size);
    for (long done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % CHUNK);
      int part = (int) Math.min(length - done, CHUNK - in);
      byte[] chunk = chunks.get(at / CHUNK);
      boolean there =
          chunk == null
              ? dst.fill(done, part, (byte) 0)
              : dst.copyFrom(done, MemorySegment.ofArray(chunk), in, part);
      if (!there) {
        return false;
      }
      done += part;
    }
    return true;
  }

  byte[] read(long offset, int length) {
    Objects.checkFromIndexSize(offset, length, size);
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % CHUNK);
      int part = Math.min(length - done, CHUNK - in);
      byte[] chunk = chunks.get(at / CHUNK);
      if (chunk != null) {
        System.arraycopy(chunk, in, bytes, done, part);
      }
      done += part;
    }
    return bytes;
  }

  void write(long offset, byte[] src, int srcOffset, int length) {
    Objects.checkFromIndexSize(offset, length, size);
    for (int done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % CHUNK);
      int part = Math.min(length - done, CHUNK - in);
      byte[] chunk = chunks.computeIfAbsent(at / CHUNK, _ -> new byte[CHUNK]);
      System.arraycopy(src, srcOffset + done, chunk, in, part);
      done += part;
    }
  }

  /** Zeroes a range; gives whole chunks back if asked to. */
  void zero(long offset, long length, boolean unmap) {
    Objects.checkFromIndexSize(offset, length, size);
    for (long done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % CHUNK);
      int part = (int) Math.min(length - done, CHUNK - in);
      long index = at / CHUNK;
      if (unmap && part == CHUNK) {
        chunks.remove(index);
      } else {
        byte[] chunk =
            unmap ? chunks.get(index) : chunks.computeIfAbsent(index, _ -> new byte[CHUNK]);
        if (chunk != null) {
          Arrays.fill(chunk, in, in + part, (byte) 0);
        }
      }
      done += part;
    }
  }

  /** Reports data and holes; the range lies inside the store. */
  void extents(long offset, long length, ExtentVisitor visitor) {
    long end = offset + length;
    long start = offset;
    while (start < end) {
      boolean data = chunks.containsKey(start / CHUNK);
      long next = start;
      while (next < end && chunks.containsKey(next / CHUNK) == data) {
        next = Math.min(end, (next / CHUNK + 1) * CHUNK);
      }
      int flags = data ? 0 : ExtentVisitor.HOLE | ExtentVisitor.ZERO;
      if (!visitor.extent(start, next - start, flags)) {
        return;
      }
      start = next;
    }
  }
}
