package io.ubiblk.testkit;

import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request inside a {@link MemoryChannel}, with a copy of everything the caller must not touch.
 */
final class MemoryRequest {

  private static final byte[] NOTHING = {};

  final Operation operation;
  final long offset;
  final long length;
  final int flags;
  final long tag;

  private final @Nullable ScatterList data;
  private final byte[] content;
  private final MemorySegment[] segments;
  private final long[] pieces;

  /** The errno of a request that is refused; decided when the request is issued. */
  int refusal;

  /** What the request changes, on a device that can lose it. */
  @Nullable Change change;

  /** The point in time up to which a flush reaches back. */
  long mark;

  MemoryRequest(
      Operation operation,
      long offset,
      long length,
      int flags,
      @Nullable ScatterList data,
      long tag) {
    this.operation = operation;
    this.offset = offset;
    this.length = length;
    this.flags = flags;
    this.data = data;
    this.tag = tag;
    this.segments = data == null ? new MemorySegment[0] : segments(data);
    this.pieces = data == null ? new long[0] : pieces(data);
    byte[] bytes = operation == Operation.WRITE && data != null ? bytes(data) : NOTHING;
    this.content = bytes == null ? NOTHING : bytes;
    this.refusal = bytes == null ? Status.EFAULT : Status.OK;
  }

  ScatterList data() {
    return Objects.requireNonNull(data);
  }

  /** {@return what a write wrote when it was issued} */
  byte[] content() {
    return content;
  }

  /** {@return what the caller has changed that it had lent to the channel, or null} */
  @Nullable String tampering() {
    if (data == null) {
      return null;
    }
    if (!Arrays.equals(pieces, pieces(data)) || !sameSegments(segments(data))) {
      return "the scatter list was changed while the request was in flight";
    }
    if (operation == Operation.WRITE && refusal != Status.EFAULT && !holds(data, content)) {
      return "the memory was changed while the request was in flight";
    }
    return null;
  }

  @SuppressWarnings({
    "ReferenceEquality",
    "MemorySegmentReferenceEquality"
  }) // the very same, not equal
  private boolean sameSegments(MemorySegment[] others) {
    for (int i = 0; i < segments.length; i++) {
      if (segments[i] != others[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns null if memory has vanished. */
  private static byte @Nullable [] bytes(ScatterList list) {
    byte[] bytes = new byte[Math.toIntExact(list.byteSize())];
    return list.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length) ? bytes : null;
  }

  private static boolean holds(ScatterList list, byte[] bytes) {
    MemorySegment expected = MemorySegment.ofArray(bytes);
    long at = 0;
    for (int i = 0; i < list.count(); i++) {
      long from = list.offset(i);
      long length = list.length(i);
      if (MemorySegment.mismatch(list.segment(i), from, from + length, expected, at, at + length)
          != -1) {
        return false;
      }
      at += length;
    }
    return true;
  }

  private static MemorySegment[] segments(ScatterList list) {
    MemorySegment[] segments = new MemorySegment[list.count()];
    Arrays.setAll(segments, list::segment);
    return segments;
  }

  private static long[] pieces(ScatterList list) {
    long[] pieces = new long[list.count() * 2];
    for (int i = 0; i < list.count(); i++) {
      pieces[i * 2] = list.offset(i);
      pieces[i * 2 + 1] = list.length(i);
    }
    return pieces;
  }

  @Override
  public String toString() {
    return operation + " of " + length + " bytes at " + offset + ", tag " + tag;
  }
}
