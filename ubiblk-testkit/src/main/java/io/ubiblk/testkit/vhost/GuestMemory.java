package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The memory of a guest: regions at chosen guest-physical addresses, with gaps between them or
 * without, in each of which ranges can be allocated. Numbers are little-endian, as virtio wants
 * them.
 *
 * <p>Any thread may call any method. Memory of a region that is removed must not be in use.
 */
public final class GuestMemory implements AutoCloseable {

  private static final long PAGE = 4096;

  private final List<GuestRegion> regions = new CopyOnWriteArrayList<>();

  /** Creates a memory without regions. */
  public GuestMemory() {}

  /**
   * Creates a memory of one region that begins at 1 MiB, so that small numbers are no addresses.
   *
   * @param size in bytes, a multiple of 4096
   * @return the memory, owned by the caller
   * @throws IOException if the system has no memory left
   */
  public static GuestMemory of(long size) throws IOException {
    GuestMemory memory = new GuestMemory();
    memory.addRegion(0x100000, size);
    return memory;
  }

  /**
   * Adds a region. A backend must be told by a message.
   *
   * @param guestAddress first address, a multiple of 4096
   * @param size in bytes, a multiple of 4096
   * @return the region, owned by the memory
   * @throws IOException if the system has no memory left
   */
  public GuestRegion addRegion(long guestAddress, long size) throws IOException {
    return addRegion(guestAddress, size, 0);
  }

  /**
   * Adds a region that is a part of its file.
   *
   * @param guestAddress first address, a multiple of 4096
   * @param size in bytes, a multiple of 4096
   * @param mmapOffset where it begins in the file, in bytes, a multiple of 4096
   * @return the region, owned by the memory
   * @throws IllegalArgumentException if it is misaligned or overlaps another region
   * @throws IOException if the system has no memory left
   */
  public synchronized GuestRegion addRegion(long guestAddress, long size, long mmapOffset)
      throws IOException {
    if (size <= 0 || guestAddress < 0 || guestAddress + size < 0 || mmapOffset < 0) {
      throw new IllegalArgumentException("address, size or offset is negative or too large");
    }
    if (((guestAddress | size | mmapOffset) & (PAGE - 1)) != 0) {
      throw new IllegalArgumentException("address, size and offset must be multiples of " + PAGE);
    }
    for (GuestRegion other : regions) {
      if (guestAddress < other.end() && other.start() < guestAddress + size) {
        throw new IllegalArgumentException("the new region overlaps " + other);
      }
    }
    GuestRegion region = new GuestRegion(guestAddress, size, mmapOffset);
    regions.add(region);
    return region;
  }

  /**
   * Removes a region and unmaps it here. A backend must be told by a message, and a driver must not
   * use memory in it any more.
   *
   * @param region one of this memory's
   */
  public synchronized void removeRegion(GuestRegion region) {
    if (!regions.remove(region)) {
      throw new IllegalArgumentException(region + " is not in this memory");
    }
    region.close();
  }

  /** {@return the regions in the order in which they were added} */
  public List<GuestRegion> regions() {
    return List.copyOf(regions);
  }

  /**
   * Allocates a range in the first region that has room. Its content is what was there.
   *
   * @param size in bytes
   * @param alignment a power of two, in bytes
   * @return guest address of the range
   * @throws IllegalStateException if there is no room
   */
  public synchronized long allocate(long size, long alignment) {
    for (GuestRegion region : regions) {
      long address = region.allocator().allocate(size, alignment);
      if (address >= 0) {
        return address;
      }
    }
    throw new IllegalStateException("no room for " + size + " bytes of guest memory");
  }

  /**
   * Allocates a range in one region.
   *
   * @param region one of this memory's
   * @param size in bytes
   * @param alignment a power of two, in bytes
   * @return guest address of the range
   * @throws IllegalStateException if there is no room
   */
  public synchronized long allocateIn(GuestRegion region, long size, long alignment) {
    long address = region.allocator().allocate(size, alignment);
    if (address < 0) {
      throw new IllegalStateException("no room for " + size + " bytes in " + region);
    }
    return address;
  }

  /**
   * Allocates a range that reaches from the end of one region into the next, which must begin where
   * the first ends. It cannot be freed.
   *
   * @param left the region in which it begins
   * @param before how many of its bytes lie in that region
   * @param after how many lie in the next
   * @return guest address of the range
   * @throws IllegalStateException if the bytes are taken or no region follows
   */
  public synchronized long allocateAcross(GuestRegion left, long before, long after) {
    GuestRegion right = regionOf(left.end(), after);
    if (!left.allocator().reserve(left.end() - before, before)
        || !right.allocator().reserve(right.start(), after)) {
      throw new IllegalStateException("the border of " + left + " is taken");
    }
    return left.end() - before;
  }

  /**
   * Frees a range.
   *
   * @param address where it begins
   * @throws IllegalArgumentException if no allocated range begins there
   */
  public synchronized void free(long address) {
    if (!regionOf(address, 1).allocator().free(address)) {
      throw new IllegalArgumentException("nothing allocated at 0x" + Long.toHexString(address));
    }
  }

  /**
   * Returns where a backend's peer sees an address, which is what ring addresses are given in.
   *
   * @param address a guest address inside a region
   * @return its user address
   */
  public long userAddress(long address) {
    MemoryRegion region = regionOf(address, 1).description();
    return address - region.guestAddress() + region.userAddress();
  }

  /**
   * Returns the memory of a range within one region.
   *
   * @param address guest address
   * @param length in bytes
   * @return the memory itself, not a copy
   * @throws IndexOutOfBoundsException if the range does not lie inside one region
   */
  public MemorySegment slice(long address, long length) {
    GuestRegion region = regionOf(address, length);
    return region.segment().asSlice(address - region.start(), length);
  }

  /**
   * Copies out of guest memory.
   *
   * @param address guest address; the range may cross from region to region
   * @param length number of bytes
   * @return a copy
   * @throws IndexOutOfBoundsException if a byte of the range is in no region
   */
  public byte[] read(long address, int length) {
    byte[] copy = new byte[length];
    MemorySegment dst = MemorySegment.ofArray(copy);
    for (int done = 0; done < length; ) {
      GuestRegion region = regionOf(address + done, 1);
      long take = Math.min(length - done, region.end() - address - done);
      MemorySegment.copy(region.segment(), address + done - region.start(), dst, done, take);
      done += (int) take;
    }
    return copy;
  }

  /**
   * Copies into guest memory.
   *
   * @param address guest address; the range may cross from region to region
   * @param bytes what to copy
   * @throws IndexOutOfBoundsException if a byte of the range is in no region
   */
  public void write(long address, byte... bytes) {
    MemorySegment src = MemorySegment.ofArray(bytes);
    for (int done = 0; done < bytes.length; ) {
      GuestRegion region = regionOf(address + done, 1);
      long take = Math.min(bytes.length - done, region.end() - address - done);
      MemorySegment.copy(src, done, region.segment(), address + done - region.start(), take);
      done += (int) take;
    }
  }

  /**
   * Reads one byte.
   *
   * @param address guest address
   * @return the byte
   * @throws IndexOutOfBoundsException if it is in no region
   */
  public byte getByte(long address) {
    GuestRegion region = regionOf(address, 1);
    return region.segment().get(ValueLayout.JAVA_BYTE, address - region.start());
  }

  /**
   * Writes one byte.
   *
   * @param address guest address
   * @param value the byte
   * @throws IndexOutOfBoundsException if it is in no region
   */
  public void setByte(long address, byte value) {
    GuestRegion region = regionOf(address, 1);
    region.segment().set(ValueLayout.JAVA_BYTE, address - region.start(), value);
  }

  /** Unmaps and closes every region. What a backend has mapped stays with it. */
  @Override
  public synchronized void close() {
    regions.forEach(GuestRegion::close);
    regions.clear();
  }

  private GuestRegion regionOf(long address, long length) {
    for (int i = 0; i < regions.size(); i++) {
      if (regions.get(i).contains(address, length)) {
        return regions.get(i);
      }
    }
    throw new IndexOutOfBoundsException(
        "0x" + Long.toHexString(address) + " + " + length + " does not lie in one region");
  }
}
