package io.ubiblk.vhost.memory;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** A region of guest memory, mapped. It stays mapped as long as a {@link GuestMemory} holds it. */
public final class MappedRegion {

  private final RegionDescription description;
  private final Arena arena = Arena.ofShared();
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
    this.memory = Memory.map(fd, start, length, arena).asSlice(skip, description.size());
  }

  /**
   * Maps a region. The descriptor belongs to the region from now on, also if this fails.
   *
   * @param description what the frontend says of the region
   * @param fd the file
   * @return the region, held by nobody
   * @throws BlockDeviceException if the description is wrong, the file is shorter than the region,
   *     or it cannot be mapped
   */
  public static MappedRegion map(RegionDescription description, int fd)
      throws BlockDeviceException {
    try {
      description.check();
      return new MappedRegion(description, fd);
    } catch (BlockDeviceException | RuntimeException e) {
      Descriptor.close(fd);
      throw e;
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
      arena.close();
      Descriptor.close(fd);
    }
  }
}
