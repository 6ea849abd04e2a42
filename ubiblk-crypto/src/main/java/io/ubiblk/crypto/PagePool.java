package io.ubiblk.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A channel's memory for ciphertext: runs of pages out of a few slabs, none until the first is
 * needed. A slab's free pages are the bits of one word.
 */
final class PagePool {

  /** Alignment of a run, and what its size is rounded up to. */
  static final int PAGE = 4096;

  /** The largest run. */
  static final int SLAB = Long.SIZE * PAGE;

  /** The most slabs, of 2 MiB together. Requests beyond that wait. */
  static final int MOST_SLABS = 8;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] slabs = new MemorySegment[MOST_SLABS];
  private final long[] free = new long[MOST_SLABS];
  private int made;

  /**
   * Takes a run.
   *
   * @return a number that stands for it, or -1 if there is none now
   */
  int take(int bytes) {
    int pages = pages(bytes);
    for (int slab = 0; slab < made; slab++) {
      int first = find(free[slab], pages);
      if (first < Long.SIZE) {
        return take(slab, first, pages);
      }
    }
    if (made == MOST_SLABS) {
      return -1;
    }
    slabs[made] = arena.allocate(SLAB, PAGE);
    free[made] = -1;
    return take(made++, 0, pages);
  }

  /** Gives a run of so many bytes back. */
  void give(int run, int bytes) {
    free[run / Long.SIZE] |= mask(pages(bytes)) << run % Long.SIZE;
  }

  MemorySegment slab(int run) {
    return slabs[run / Long.SIZE];
  }

  /** {@return where a run begins in its slab} */
  long offset(int run) {
    return (long) (run % Long.SIZE) * PAGE;
  }

  void close() {
    arena.close();
  }

  private int take(int slab, int first, int pages) {
    free[slab] &= ~(mask(pages) << first);
    return slab * Long.SIZE + first;
  }

  /** The first of so many bits in a row, or 64. */
  private static int find(long word, int count) {
    long starts = word;
    // A bit stays if as many bits follow as were seen before, and so on, doubling.
    for (int seen = 1; seen < count && starts != 0; ) {
      int more = Math.min(seen, count - seen);
      starts &= starts >>> more;
      seen += more;
    }
    return Long.numberOfTrailingZeros(starts);
  }

  private static long mask(int pages) {
    return -1L >>> (Long.SIZE - pages);
  }

  private static int pages(int bytes) {
    return (bytes + PAGE - 1) / PAGE;
  }
}
