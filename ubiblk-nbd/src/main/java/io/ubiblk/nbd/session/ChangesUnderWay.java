package io.ubiblk.nbd.session;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The changes of whole blocks that a connection has with the device, for everybody to see. A slot
 * has one writer at a time, and its range is two numbers of which the first is written last.
 */
final class ChangesUnderWay {

  private static final long NONE = -1;

  /** Of each slot, where its range begins, or {@link #NONE}, and where it ends. */
  private final AtomicLongArray ranges;

  ChangesUnderWay(int slots) {
    ranges = new AtomicLongArray(2 * slots);
    for (int slot = 0; slot < slots; slot++) {
      remove(slot);
    }
  }

  /** A change begins. Who reads a volatile variable after that has let everybody see it before. */
  void add(int slot, long start, long end) {
    // Released, so that it is not seen before the end of the change that had the slot.
    ranges.setRelease(2 * slot + 1, end);
    ranges.set(2 * slot, start);
  }

  /** A change is over, or does not begin yet. */
  void remove(int slot) {
    ranges.set(2 * slot, NONE);
  }

  /**
   * Whether one of the changes touches a block that a claim wants for itself. Does not count those
   * that begin or end meanwhile.
   */
  boolean touch(Claim claim) {
    for (int i = 0; i < ranges.length(); i += 2) {
      long start = ranges.get(i);
      if (start != NONE && claim.guards(start, ranges.get(i + 1)) && ranges.get(i) == start) {
        // With another start now, the end might have been that of another range.
        return true;
      }
    }
    return false;
  }
}
