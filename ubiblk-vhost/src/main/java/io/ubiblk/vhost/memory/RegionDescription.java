package io.ubiblk.vhost.memory;

import io.ubiblk.api.BlockDeviceException;

/**
 * A region of guest memory as the frontend describes it. All values are in bytes and unsigned on
 * the wire; those that do not fit a positive {@code long} are refused.
 *
 * @param guestAddress where the guest sees the region
 * @param size length of the region
 * @param userAddress where the frontend has mapped the region, which is how it names ring addresses
 * @param fileOffset where the region begins in the file that came with the message
 */
public record RegionDescription(long guestAddress, long size, long userAddress, long fileOffset) {

  /**
   * Refuses what cannot be a region.
   *
   * @throws BlockDeviceException.BadFormat if the region is empty or its end overflows
   */
  public void check() throws BlockDeviceException.BadFormat {
    if (size <= 0
        || fileOffset < 0
        || fileOffset > Long.MAX_VALUE - size
        || overflows(guestAddress)
        || overflows(userAddress)) {
      throw new BlockDeviceException.BadFormat(
          "memory region " + this + ", expected a positive size and ends that do not overflow");
    }
  }

  /**
   * Returns whether this names the same region; removing one does not repeat where it lies in its
   * file.
   *
   * @param other the other description
   * @return whether guest address, size and user address are equal
   */
  public boolean isSameRegion(RegionDescription other) {
    return guestAddress == other.guestAddress
        && size == other.size
        && userAddress == other.userAddress;
  }

  boolean overlaps(RegionDescription other) {
    return guestAddress < other.guestAddress + other.size
        && other.guestAddress < guestAddress + size;
  }

  private boolean overflows(long address) {
    return address < 0 || address > Long.MAX_VALUE - size;
  }

  @Override
  public String toString() {
    return String.format(
        "[guest 0x%x, size 0x%x, user 0x%x, offset 0x%x]",
        guestAddress, size, userAddress, fileOffset);
  }
}
