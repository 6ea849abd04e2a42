package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.MemoryFault;
import io.ubiblk.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * Everything that a frontend says of a ring before it starts.
 *
 * @param size number of descriptors, a power of two
 * @param base index at which the device begins
 * @param descriptors address of the descriptor table, as the frontend sees it
 * @param available address of the available ring
 * @param used address of the used ring
 * @param eventIndex whether the driver negotiated notification suppression by index
 * @param indirect whether the driver negotiated indirect descriptors
 */
public record RingSetup(
    int size,
    int base,
    long descriptors,
    long available,
    long used,
    boolean eventIndex,
    boolean indirect) {

  private static final int LARGEST = 32768;

  /**
   * Checks that the ring lies in memory.
   *
   * @param memory the memory
   * @throws BlockDeviceException.BadFormat if the size cannot be, or a part of the ring lies
   *     outside of every region or is misaligned
   */
  public void check(GuestMemory memory) throws BlockDeviceException.BadFormat {
    if (size < 1 || size > LARGEST || Integer.bitCount(size) != 1) {
      throw new BlockDeviceException.BadFormat(
          "ring of " + size + " descriptors, expected a power of two up to " + LARGEST);
    }
    descriptorsIn(memory);
    availableIn(memory);
    usedIn(memory);
  }

  /**
   * Finds the ring in memory.
   *
   * @throws BlockDeviceException.BadFormat if it is not there
   */
  SplitRing locate(GuestMemory memory) throws BlockDeviceException.BadFormat {
    check(memory);
    try {
      SplitRing ring =
          new SplitRing(
              size, base, eventIndex, descriptorsIn(memory), availableIn(memory), usedIn(memory));
      MemoryFault.surface();
      return ring;
    } catch (InternalError fault) {
      throw new BlockDeviceException.BadFormat("memory of the used ring is not there any more");
    }
  }

  /** Finds a running ring again after the memory has changed. */
  void relocate(SplitRing ring, GuestMemory memory) throws BlockDeviceException.BadFormat {
    ring.move(descriptorsIn(memory), availableIn(memory), usedIn(memory));
  }

  private MemorySegment descriptorsIn(GuestMemory memory) throws BlockDeviceException.BadFormat {
    return part("descriptor table", memory, descriptors, SplitRing.descriptorBytes(size), 16);
  }

  private MemorySegment availableIn(GuestMemory memory) throws BlockDeviceException.BadFormat {
    return part("available ring", memory, available, SplitRing.availableBytes(size), 2);
  }

  private MemorySegment usedIn(GuestMemory memory) throws BlockDeviceException.BadFormat {
    return part("used ring", memory, used, SplitRing.usedBytes(size), 4);
  }

  private static MemorySegment part(
      String what, GuestMemory memory, long userAddress, long length, int alignment)
      throws BlockDeviceException.BadFormat {
    MemorySegment part = memory.byUserAddress(what, userAddress, length);
    // A region may lie otherwise in its file than in the frontend: what counts is where it is here.
    if (((userAddress | part.address()) & (alignment - 1)) != 0) {
      throw new BlockDeviceException.BadFormat(
          String.format(
              "%s at user address 0x%x, mapped at 0x%x, expected multiples of %d",
              what, userAddress, part.address(), alignment));
    }
    return part;
  }
}
