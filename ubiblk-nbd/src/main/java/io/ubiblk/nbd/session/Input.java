package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * What has been received and not been looked at: options, requests, and the beginnings of payloads.
 * Confined to the reactor's thread.
 */
final class Input {

  /** Longest data of an option, in bytes. */
  static final int LONGEST_OPTION = 64 * 1024;

  private static final int SIZE = LONGEST_OPTION + 4096;

  private final MemorySegment memory;
  private final ByteBuffer view;
  private int start;
  private int end;

  Input(Arena arena) {
    memory = arena.allocate(SIZE, 64);
    view = memory.asByteBuffer();
  }

  /** Bytes that are there. */
  int available() {
    return end - start;
  }

  /** The memory in network byte order; what is there begins at {@link #position}. */
  ByteBuffer view() {
    return view;
  }

  int position() {
    return start;
  }

  /** The next bytes, valid until more is received. */
  ByteBuffer slice(int skip, int length) {
    return view.slice(start + skip, length);
  }

  void consume(int count) {
    start += count;
    if (start == end) {
      start = 0;
      end = 0;
    }
  }

  /** Moves the next bytes elsewhere; returns how many there were. */
  int moveTo(MemorySegment target, long offset, long most) {
    int count = (int) Math.min(most, available());
    MemorySegment.copy(memory, start, target, offset, count);
    consume(count);
    return count;
  }

  /** Drops the next bytes; returns how many there were. */
  long skip(long most) {
    int count = (int) Math.min(most, available());
    consume(count);
    return count;
  }

  /** Adds the room that is left to a list, at most so many bytes of it. */
  void offer(ScatterList list, int most) {
    if (start > 0) {
      MemorySegment.copy(memory, start, memory, 0, available());
      end -= start;
      start = 0;
    }
    list.add(memory, end, Math.min(most, SIZE - end));
  }

  /** Takes note of bytes that were received into the room. */
  void filled(int count) {
    end += count;
  }
}
