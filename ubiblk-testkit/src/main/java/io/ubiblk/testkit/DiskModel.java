package io.ubiblk.testkit;

import io.ubiblk.api.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A byte array that says what a device, or a range of it, must hold.
 *
 * <p>What a discard leaves behind is not fixed: until it is read it may be what was there before,
 * zeros, or the base content, and the first read decides. From then on it must stay.
 *
 * <p>All offsets are positions on the device in bytes. Not thread-safe.
 */
public final class DiskModel implements ContentModel {

  private static final int SECTOR = Geometry.SECTOR;

  private final long start;
  private final byte[] base;
  private final byte[] content;
  private final BitSet undecided = new BitSet();
  private final boolean anythingAfterDiscard;

  /**
   * Creates a model.
   *
   * @param start position of the first byte, a multiple of 512
   * @param base what the range holds now
   * @param anythingAfterDiscard whether a discarded sector may hold whatever it likes but for the
   *     pattern of another sector; see {@link BlockDeviceFixture#discardsLeaveNothingNew}
   */
  public DiskModel(long start, byte[] base, boolean anythingAfterDiscard) {
    this.start = start;
    this.base = base.clone();
    this.content = base.clone();
    this.anythingAfterDiscard = anythingAfterDiscard;
  }

  @Override
  public long start() {
    return start;
  }

  @Override
  public int length() {
    return content.length;
  }

  @Override
  public void issued(IoRequest request, byte[] bytes) {}

  @Override
  public void completed(IoRequest request, byte[] bytes) {
    switch (request.operation()) {
      case READ -> check(request.offset(), bytes);
      case WRITE -> write(request.offset(), bytes);
      case DISCARD -> discard(request.offset(), request.length());
      case WRITE_ZEROES -> zero(request.offset(), request.length());
      case FLUSH, PREFETCH -> {}
    }
  }

  /**
   * A range was written.
   *
   * @param offset first byte
   * @param bytes the new content
   */
  public void write(long offset, byte[] bytes) {
    System.arraycopy(bytes, 0, content, at(offset), bytes.length);
    undecided.clear(at(offset) / SECTOR, at(offset + bytes.length) / SECTOR);
  }

  /**
   * A range was zeroed.
   *
   * @param offset first byte
   * @param length number of bytes
   */
  public void zero(long offset, long length) {
    Arrays.fill(content, at(offset), at(offset + length), (byte) 0);
    undecided.clear(at(offset) / SECTOR, at(offset + length) / SECTOR);
  }

  /**
   * A range was discarded.
   *
   * @param offset first byte
   * @param length number of bytes
   */
  public void discard(long offset, long length) {
    undecided.set(at(offset) / SECTOR, at(offset + length) / SECTOR);
  }

  /**
   * A range was read: demands that it holds what it must.
   *
   * @param offset first byte
   * @param actual what was read
   * @throws AssertionError if it holds anything else
   */
  public void check(long offset, byte[] actual) {
    for (int i = 0; i < actual.length; i += SECTOR) {
      int at = at(offset + i);
      if (Arrays.equals(content, at, at + SECTOR, actual, i, i + SECTOR)) {
        undecided.clear(at / SECTOR);
      } else if (undecided.get(at / SECTOR) && mayFollowDiscard(at, actual, i)) {
        System.arraycopy(actual, i, content, at, SECTOR);
        undecided.clear(at / SECTOR);
      } else {
        throw new AssertionError(
            "position %d: expected %s%s, found %s"
                .formatted(
                    offset + i,
                    Patterns.describe(MemorySegment.ofArray(content), at),
                    undecided.get(at / SECTOR) ? " or what a discard leaves" : "",
                    Patterns.describe(MemorySegment.ofArray(actual), i)));
      }
    }
  }

  private boolean mayFollowDiscard(int at, byte[] actual, int i) {
    MemorySegment found = MemorySegment.ofArray(actual);
    if (Arrays.equals(base, at, at + SECTOR, actual, i, i + SECTOR)
        || Patterns.isZero(found, i, SECTOR)) {
      return true;
    }
    return anythingAfterDiscard && Patterns.position(found, i) == Patterns.FOREIGN;
  }

  private int at(long offset) {
    return Math.toIntExact(offset - start);
  }
}
