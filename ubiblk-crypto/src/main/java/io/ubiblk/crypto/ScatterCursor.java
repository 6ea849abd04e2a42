package io.ubiblk.crypto;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A place in a scatter list, from which it is read or written piece after piece without looking for
 * the place again. Memory that is not there any more ends in an {@link InternalError}.
 */
final class ScatterCursor {

  private static final ScatterList NONE = new ScatterList();

  private ScatterList list = NONE;
  private int piece;
  private long at;

  /** Goes to the start of a list. */
  void reset(ScatterList newList) {
    list = newList;
    piece = 0;
    at = 0;
  }

  /** Forgets the list. */
  void release() {
    reset(NONE);
  }

  /** Copies the next bytes out. */
  void read(byte[] dst, int length) {
    for (int done = 0; done < length; ) {
      MemorySegment segment = list.segment(piece);
      int take = (int) Math.min(length - done, list.length(piece) - at);
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, list.offset(piece) + at, dst, done, take);
      done += take;
      advance(take);
    }
  }

  /** Overwrites the next bytes. */
  void write(byte[] src, int length) {
    for (int done = 0; done < length; ) {
      MemorySegment segment = list.segment(piece);
      int take = (int) Math.min(length - done, list.length(piece) - at);
      MemorySegment.copy(src, done, segment, ValueLayout.JAVA_BYTE, list.offset(piece) + at, take);
      done += take;
      advance(take);
    }
  }

  private void advance(int bytes) {
    at += bytes;
    if (at == list.length(piece)) {
      piece++;
      at = 0;
    }
  }
}
