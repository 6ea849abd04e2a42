package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.vhost.memory.GuestMemory;

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
   * Checks what can be checked without memory.
   *
   * @throws BlockDeviceException.BadFormat if the size or an address cannot be
   */
  public void check() throws BlockDeviceException.BadFormat {
    if (size < 1 || size > LARGEST || Integer.bitCount(size) != 1) {
      throw new BlockDeviceException.BadFormat(
          "ring of " + size + " descriptors, expected a power of two up to " + LARGEST);
    }
    checkAligned("descriptor table", descriptors, 16);
    checkAligned("available ring", available, 2);
    checkAligned("used ring", used, 4);
  }

  /**
   * Finds the ring in memory.
   *
   * @throws BlockDeviceException.BadFormat if a part of it lies outside of every region
   */
  SplitRing locate(GuestMemory memory) throws BlockDeviceException.BadFormat {
    return new SplitRing(
        size,
        base,
        eventIndex,
        memory.byUserAddress("descriptor table", descriptors, SplitRing.descriptorBytes(size)),
        memory.byUserAddress("available ring", available, SplitRing.availableBytes(size)),
        memory.byUserAddress("used ring", used, SplitRing.usedBytes(size)));
  }

  /** Finds a running ring again after the memory has changed. */
  void relocate(SplitRing ring, GuestMemory memory) throws BlockDeviceException.BadFormat {
    ring.move(
        memory.byUserAddress("descriptor table", descriptors, SplitRing.descriptorBytes(size)),
        memory.byUserAddress("available ring", available, SplitRing.availableBytes(size)),
        memory.byUserAddress("used ring", used, SplitRing.usedBytes(size)));
  }

  /**
   * Checks that the ring lies in memory, if there is any.
   *
   * @param memory the memory
   * @throws BlockDeviceException.BadFormat if a part of the ring lies outside of every region
   */
  public void checkInside(GuestMemory memory) throws BlockDeviceException.BadFormat {
    check();
    memory.byUserAddress("descriptor table", descriptors, SplitRing.descriptorBytes(size));
    memory.byUserAddress("available ring", available, SplitRing.availableBytes(size));
    memory.byUserAddress("used ring", used, SplitRing.usedBytes(size));
  }

  private static void checkAligned(String what, long address, int alignment)
      throws BlockDeviceException.BadFormat {
    if (address % alignment != 0) {
      throw new BlockDeviceException.BadFormat(
          String.format(
              "%s at user address 0x%x, expected a multiple of %d", what, address, alignment));
    }
  }
}
