package io.ubiblk.testkit.vhost;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Hands out ranges of one region's addresses, the lowest that fit. */
final class AddressAllocator {

  /** Start to length of each free range; no two touch. */
  private final TreeMap<Long, Long> free = new TreeMap<>();

  private final Map<Long, Long> taken = new HashMap<>();

  AddressAllocator(long start, long size) {
    free.put(start, size);
  }

  /**
   * Takes a range.
   *
   * @return its first address, or -1 if there is no room
   */
  long allocate(long size, long alignment) {
    for (Map.Entry<Long, Long> range : free.entrySet()) {
      long start = (range.getKey() + alignment - 1) & -alignment;
      long end = range.getKey() + range.getValue();
      if (start >= range.getKey() && end - start >= size) {
        take(range.getKey(), range.getValue(), start, size);
        return start;
      }
    }
    return -1;
  }

  /**
   * Takes this very range.
   *
   * @return whether all of it was free
   */
  boolean reserve(long start, long size) {
    Map.Entry<Long, Long> range = free.floorEntry(start);
    if (range == null || start + size > range.getKey() + range.getValue()) {
      return false;
    }
    take(range.getKey(), range.getValue(), start, size);
    return true;
  }

  /**
   * Gives a range back.
   *
   * @return whether one begins there
   */
  boolean free(long start) {
    Long size = taken.remove(start);
    if (size == null) {
      return false;
    }
    long from = start;
    long to = start + size;
    Map.Entry<Long, Long> before = free.floorEntry(start);
    if (before != null && before.getKey() + before.getValue() == start) {
      from = before.getKey();
    }
    Long after = free.remove(to);
    free.put(from, (after == null ? to : to + after) - from);
    return true;
  }

  private void take(long rangeStart, long rangeSize, long start, long size) {
    free.remove(rangeStart);
    if (start > rangeStart) {
      free.put(rangeStart, start - rangeStart);
    }
    long end = start + size;
    if (rangeStart + rangeSize > end) {
      free.put(end, rangeStart + rangeSize - end);
    }
    taken.put(start, size);
  }
}
