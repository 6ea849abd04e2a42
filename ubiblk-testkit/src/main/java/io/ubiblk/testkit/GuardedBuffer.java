package io.ubiblk.testkit;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Memory for one request at a time, laid out in pieces with guard bytes before, between and behind
 * them. Shows afterwards whether a byte has changed that must not have changed.
 *
 * <p>Lay the pieces out, {@link #put} content if it is to be written, issue a request with {@link
 * #list}, and when it is done call {@link #assertSourceUnchanged} or {@link
 * #assertNothingElseChanged}.
 */
public final class GuardedBuffer {

  private static final int MARGIN = 64;
  private static final int MAX_GAP = 3;

  private final MemorySegment segment;
  private final int capacity;
  private final byte[] guards;
  private ScatterList list = new ScatterList();
  private byte[] remembered = {};
  private long[] shape = {};

  /**
   * Allocates the memory.
   *
   * @param arena decides how long it lives; a shared one, as devices have threads of their own
   * @param capacity length of the largest request in bytes
   */
  public GuardedBuffer(Arena arena, int capacity) {
    this.capacity = capacity;
    this.segment = arena.allocate(2L * MARGIN + (long) capacity * (1 + MAX_GAP), 4096);
    this.guards = new byte[(int) segment.byteSize()];
    for (int i = 0; i < guards.length; i++) {
      guards[i] = (byte) (i * 31 + 0x5A);
    }
  }

  /** {@return length of the largest request in bytes} */
  public int capacity() {
    return capacity;
  }

  /**
   * Lays out one piece.
   *
   * @param length length in bytes, up to the capacity
   * @param misalignment distance of the piece from an address aligned to 64 bytes, 0 to 63
   * @return the list
   */
  public ScatterList layOne(int length, int misalignment) {
    begin(length);
    add(MARGIN + misalignment, length);
    return end();
  }

  /**
   * Lays out pieces of one length, with gaps between them.
   *
   * @param length total length in bytes, up to the capacity
   * @param piece length of each piece in bytes; the last one may be shorter
   * @return the list
   */
  public ScatterList layPieces(int length, int piece) {
    begin(length);
    long at = MARGIN + 1;
    for (int done = 0; done < length; ) {
      int part = Math.min(piece, length - done);
      add(at, part);
      at += part + 1 + done % MAX_GAP;
      done += part;
    }
    return end();
  }

  /**
   * Lays out pieces of random lengths, with or without gaps between them.
   *
   * @param length total length in bytes, up to the capacity
   * @param random decides about the pieces
   * @return the list
   */
  public ScatterList layPieces(int length, SeededRandom random) {
    begin(length);
    int at = MARGIN + random.below(MARGIN);
    int most = 1 << random.between(4, 16);
    for (int done = 0; done < length; ) {
      int part = random.between(1, Math.min(most, length - done));
      add(at, part);
      at += part + random.below(Math.min(part, MAX_GAP) + 1);
      done += part;
    }
    return end();
  }

  /** {@return the list that was laid out last} */
  public ScatterList list() {
    return list;
  }

  /**
   * Fills the pieces.
   *
   * @param content as many bytes as the list holds
   */
  public void put(byte[] content) {
    list.copyFrom(0, MemorySegment.ofArray(content), 0, content.length);
    remembered = segment.toArray(ValueLayout.JAVA_BYTE);
  }

  /** {@return the content of the pieces} */
  public byte[] get() {
    byte[] bytes = new byte[(int) list.byteSize()];
    list.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    return bytes;
  }

  /**
   * Demands that neither the memory nor the list has changed since it was laid out: after a write,
   * or a read that was refused.
   *
   * @throws AssertionError if something has changed
   */
  public void assertSourceUnchanged() {
    assertSame(remembered);
  }

  /**
   * Demands that nothing but the pieces has changed since they were laid out: after a read.
   *
   * @throws AssertionError if something else has changed
   */
  public void assertNothingElseChanged() {
    byte[] expected = remembered.clone();
    for (int i = 0; i < list.count(); i++) {
      MemorySegment.copy(
          segment, ValueLayout.JAVA_BYTE, start(i), expected, (int) start(i), (int) list.length(i));
    }
    assertSame(expected);
  }

  private void assertSame(byte[] expected) {
    long at = segment.mismatch(MemorySegment.ofArray(expected));
    if (at >= 0) {
      throw new AssertionError(
          "memory has changed that must not: %s, %d bytes behind the start of %s"
              .formatted(where(at), at - MARGIN, list));
    }
    if (!Arrays.equals(shape(list), shape)) {
      throw new AssertionError("the scatter list has changed, it is now " + list);
    }
  }

  private String where(long at) {
    for (int i = 0; i < list.count(); i++) {
      if (at >= start(i) && at < start(i) + list.length(i)) {
        return "byte " + (at - start(i)) + " of piece " + i;
      }
    }
    return "a byte outside all pieces";
  }

  private long start(int piece) {
    return list.segment(piece).address() + list.offset(piece) - segment.address();
  }

  private void begin(int length) {
    if (length > capacity) {
      throw new IllegalArgumentException(length + " bytes, expected at most " + capacity);
    }
    list = new ScatterList();
    MemorySegment.copy(guards, 0, segment, ValueLayout.JAVA_BYTE, 0, guards.length);
    remembered = guards;
  }

  private void add(long at, long length) {
    // Now and then a segment of its own: not every piece shares one with its neighbours.
    if (list.count() % 3 == 2) {
      list.add(segment.asSlice(at, length), 0, length);
    } else {
      list.add(segment, at, length);
    }
  }

  private ScatterList end() {
    shape = shape(list);
    return list;
  }

  private static long[] shape(ScatterList list) {
    long[] shape = new long[list.count() * 2];
    for (int i = 0; i < list.count(); i++) {
      shape[i * 2] = list.segment(i).address() + list.offset(i);
      shape[i * 2 + 1] = list.length(i);
    }
    return shape;
  }
}
