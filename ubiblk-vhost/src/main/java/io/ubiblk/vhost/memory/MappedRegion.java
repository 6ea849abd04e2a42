package io.ubiblk.vhost.memory;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Memory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** A region of guest memory, mapped. It stays mapped as long as a {@link GuestMemory} holds it. */
public final class MappedRegion {

  private final RegionDescription description;
  private final MemorySegment mapping;
  private final MemorySegment memory;
  private final int fd;
  private final AtomicInteger holders = new AtomicInteger();

  private MappedRegion(RegionDescription description, int fd) throws BlockDeviceException {
    this.description = description;
    this.fd = fd;
    long granularity = granularity(fd, description);
    long start = description.fileOffset() & -granularity;
    long skip = description.fileOffset() - start;
    long length = (skip + description.size() + granularity - 1) & -granularity;
    // Those who hold the region are counted; to close a shared arena would stop every thread.
    this.mapping = Memory.map(fd, start, length);
    this.memory = mapping.asSlice(skip, description.size());
  }

  /**
   * Maps a region. The descriptor belongs to the region from now on, also if this fails.
   *
   * @param description what the frontend says of the region
   * @param fd the file
   * @param anyMemory whether the file may be of any kind. Unless it is shared memory, an access may
   *     take as long as the file system likes.
   * @return the region, held by nobody
   * @throws BlockDeviceException if the description is wrong, the file is of another kind or
   *     shorter than the region, or it cannot be mapped
   */
  public static MappedRegion map(RegionDescription description, int fd, boolean anyMemory)
      throws BlockDeviceException {
    try {
      description.check();
      if (!anyMemory) {
        checkShared(fd, description);
      }
      return new MappedRegion(description, fd);
    } catch (BlockDeviceException | RuntimeException e) {
      Descriptor.close(fd);
      throw e;
    }
  }

  private static void checkShared(int fd, RegionDescription description)
      throws BlockDeviceException {
    long kind = Descriptor.fileSystem(fd);
    if (kind != Descriptor.TMPFS && kind != Descriptor.HUGETLBFS) {
      throw new BlockDeviceException.BadFormat(
          String.format(
              "memory region %s in %s of a file system of type 0x%x, expected shared memory:"
                  + " a memfd, tmpfs or hugetlbfs",
              description, Descriptor.target(fd), kind));
    }
  }

  /**
   * Mappings of huge pages begin and end at multiples of their size, which is the file's block
   * size.
   */
  private static long granularity(int fd, RegionDescription description)
      throws BlockDeviceException {
    Descriptor.FileSize file = Descriptor.size(fd);
    if (description.fileOffset() + description.size() > file.bytes()) {
      throw new BlockDeviceException.BadFormat(
          "memory region " + description + " in a file of " + file.bytes() + " bytes");
    }
    return Math.max(Memory.PAGE, Integer.highestOneBit(file.blockSize()));
  }

  /** {@return what the frontend says of the region} */
  public RegionDescription description() {
    return description;
  }

  /** {@return the mapped memory} */
  MemorySegment memory() {
    return memory;
  }

  /** {@return whether the file has become shorter than the region, so that touching it faults} */
  boolean isTruncated() {
    try {
      long end = description.fileOffset() + description.size();
      return Descriptor.size(fd).bytes() < end;
    } catch (BlockDeviceException e) {
      return true;
    }
  }

  /** Gives up a region that has come into no generation. */
  public void discard() {
    hold();
    release();
  }

  void hold() {
    holders.incrementAndGet();
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      Memory.unmap(mapping);
      Descriptor.close(fd);
    }
  }
}
