package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A region of guest memory: shared, mapped here, and to be passed to a backend. Made by {@link
 * GuestMemory#addRegion}.
 */
public final class GuestRegion {

  private final Arena arena = Arena.ofShared();
  private final Memfd file;
  private final MemorySegment segment;
  private final MemoryRegion description;
  private final AddressAllocator allocator;

  GuestRegion(long guestAddress, long size, long mmapOffset) throws IOException {
    file = new Memfd("guest-memory", mmapOffset + size);
    try {
      segment = file.map(mmapOffset, size, arena);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
    description = new MemoryRegion(guestAddress, size, segment.address(), mmapOffset);
    allocator = new AddressAllocator(guestAddress, size);
  }

  /** {@return the region as a message describes it} */
  public MemoryRegion description() {
    return description;
  }

  /** {@return the descriptor of the memory, owned by the region} */
  public FileDescriptor descriptor() {
    return file.descriptor();
  }

  /** {@return the memory, to be used by any thread until the region is removed} */
  public MemorySegment segment() {
    return segment;
  }

  /** {@return the first guest address} */
  public long start() {
    return description.guestAddress();
  }

  /** {@return the first guest address behind the region} */
  public long end() {
    return description.guestAddress() + description.size();
  }

  /**
   * Cuts the memory off, for both sides: what lies behind the new size is not there any more, and
   * an access to it is an {@link InternalError} here and a signal in a process without protection.
   *
   * @param size what is left of the region, in bytes
   * @throws IOException if the system refuses
   */
  public void truncate(long size) throws IOException {
    file.truncate(description.mmapOffset() + size);
  }

  boolean contains(long address, long length) {
    long from = address - start();
    return from >= 0 && length >= 0 && from <= description.size() - length;
  }

  AddressAllocator allocator() {
    return allocator;
  }

  void close() {
    file.close();
    arena.close();
  }

  @Override
  public String toString() {
    return "region 0x" + Long.toHexString(start()) + " + 0x" + Long.toHexString(description.size());
  }
}
