package io.ubiblk.vhost.memory;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ScatterList;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One generation of a guest's memory: an immutable table of regions. A frontend that changes its
 * memory makes a new generation; the old one lives until the last user has released it.
 */
public final class GuestMemory {

  /** The memory of a frontend that has shared none. */
  public static final GuestMemory EMPTY = empty();

  private final List<MappedRegion> regions;
  private final long[] starts;
  private final long[] ends;
  private final MemorySegment[] segments;
  private final AtomicInteger users = new AtomicInteger(1);

  private GuestMemory(List<MappedRegion> sorted) {
    regions = List.copyOf(sorted);
    starts = new long[sorted.size()];
    ends = new long[sorted.size()];
    segments = new MemorySegment[sorted.size()];
    for (int i = 0; i < starts.length; i++) {
      RegionDescription description = sorted.get(i).description();
      starts[i] = description.guestAddress();
      ends[i] = description.guestAddress() + description.size();
      segments[i] = sorted.get(i).memory();
      sorted.get(i).hold();
    }
  }

  /**
   * Makes a generation of regions, which it holds until it is released.
   *
   * @param regions the regions, in any order
   * @return the memory, with the caller as its user
   * @throws BlockDeviceException.BadFormat if regions overlap in the guest's view
   */
  public static GuestMemory of(List<MappedRegion> regions) throws BlockDeviceException.BadFormat {
    ArrayList<MappedRegion> sorted = new ArrayList<>(regions);
    sorted.sort(Comparator.comparingLong(r -> r.description().guestAddress()));
    for (int i = 1; i < sorted.size(); i++) {
      RegionDescription a = sorted.get(i - 1).description();
      RegionDescription b = sorted.get(i).description();
      if (a.overlaps(b)) {
        throw new BlockDeviceException.BadFormat("memory regions " + a + " and " + b + " overlap");
      }
    }
    return new GuestMemory(sorted);
  }

  private static GuestMemory empty() {
    return new GuestMemory(List.of());
  }

  /** {@return the regions, in the order of their guest addresses} */
  public List<MappedRegion> regions() {
    return regions;
  }

  /**
   * Counts another user.
   *
   * @return this
   */
  public GuestMemory retain() {
    users.incrementAndGet();
    return this;
  }

  /**
   * Counts another user, unless the memory has been given up already.
   *
   * @return whether the caller is a user now
   */
  public boolean tryRetain() {
    int before = users.getAndUpdate(n -> n == 0 ? 0 : n + 1);
    return before > 0;
  }

  /** Counts a user less; without users the regions are given up. Not to be called on a reactor. */
  public void release() {
    if (users.decrementAndGet() == 0) {
      regions.forEach(MappedRegion::release);
    }
  }

  /**
   * Adds a range of guest memory to a list; where it crosses regions, in several pieces.
   *
   * @param address guest address
   * @param length length in bytes, not negative
   * @param list the list to add to
   * @return whether the whole range is shared memory; if not, the list may have grown
   */
  public boolean addTo(ScatterList list, long address, long length) {
    long at = address;
    long left = length;
    while (left > 0) {
      int i = find(at);
      if (i < 0) {
        return false;
      }
      long take = Math.min(left, ends[i] - at);
      list.add(segments[i], at - starts[i], take);
      at += take;
      left -= take;
    }
    return true;
  }

  /**
   * Returns which region holds an address.
   *
   * @param address guest address
   * @return index of the region, or -1
   */
  public int find(long address) {
    int low = 0;
    int high = starts.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (address < starts[middle]) {
        high = middle - 1;
      } else if (address >= ends[middle]) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  /**
   * Returns where an address lies in its region.
   *
   * @param region index of the region
   * @param address guest address inside the region
   * @return offset in bytes
   */
  public long offset(int region, long address) {
    return address - starts[region];
  }

  /**
   * Returns how much of a region follows an address.
   *
   * @param region index of the region
   * @param address guest address inside the region
   * @return number of bytes, at least 1
   */
  public long remaining(int region, long address) {
    return ends[region] - address;
  }

  /**
   * Returns a region's memory.
   *
   * @param region index of the region
   * @return the memory
   */
  public MemorySegment segment(int region) {
    return segments[region];
  }

  /**
   * Translates a range by the frontend's own addresses, as rings are named.
   *
   * @param what the range's name, for the message
   * @param userAddress where the frontend sees the range
   * @param length length in bytes
   * @return the range
   * @throws BlockDeviceException.BadFormat if the range does not lie inside one region
   */
  public MemorySegment byUserAddress(String what, long userAddress, long length)
      throws BlockDeviceException.BadFormat {
    for (MappedRegion region : regions) {
      RegionDescription d = region.description();
      long offset = userAddress - d.userAddress();
      if (userAddress >= d.userAddress() && offset <= d.size() - length) {
        return region.memory().asSlice(offset, length);
      }
    }
    throw new BlockDeviceException.BadFormat(
        String.format(
            "%s at user address 0x%x, %d bytes, is outside of every memory region",
            what, userAddress, length));
  }

  /** {@return whether a file behind the memory has been cut short, so that touching it faults} */
  public boolean isTruncated() {
    return regions.stream().anyMatch(MappedRegion::isTruncated);
  }
}
