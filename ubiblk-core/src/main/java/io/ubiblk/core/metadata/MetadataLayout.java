package io.ubiblk.core.metadata;

import io.ubiblk.api.Geometry;

/** Where things are in a metadata file. */
public final class MetadataLayout {

  /** Size of a sector in bytes. */
  public static final int SECTOR = Geometry.SECTOR;

  /** Header bytes in one sector. */
  public static final int HEADERS_PER_SECTOR = 508;

  /** The largest shift that a file may have: stripes of 64 MiB. */
  public static final int LARGEST_SHIFT = 17;

  /** The smallest shift that a new file gets: stripes of 32 KiB. */
  public static final int SMALLEST_NEW_SHIFT = 6;

  /** The largest shift that a new file gets: stripes of 32 MiB. */
  public static final int LARGEST_NEW_SHIFT = 16;

  /** The shift that a new file gets unless told otherwise: stripes of 1 MiB. */
  public static final int DEFAULT_SHIFT = 11;

  /** Where the checksum of a sector stands; it covers the bytes before it. */
  static final int CHECKSUM = 508;

  private MetadataLayout() {}

  /**
   * Returns the size of a stripe.
   *
   * @param shift binary logarithm of its number of sectors
   * @return size in bytes
   */
  public static int stripeSize(int shift) {
    return SECTOR << shift;
  }

  /**
   * Returns how many stripes a disk has; the last one may be cut short.
   *
   * @param diskSize size of the disk in bytes
   * @param shift shift of the stripe size
   * @return number of stripes
   */
  public static long stripes(long diskSize, int shift) {
    long stripeSize = stripeSize(shift);
    return diskSize / stripeSize + (diskSize % stripeSize == 0 ? 0 : 1);
  }

  /**
   * Returns how many bytes a file needs.
   *
   * @param stripes number of stripes
   * @return size in bytes
   */
  public static long fileSize(long stripes) {
    return SECTOR * (1 + groups(stripes));
  }

  /**
   * Returns how many sectors hold header bytes.
   *
   * @param stripes number of stripes
   * @return number of sectors
   */
  public static long groups(long stripes) {
    return (stripes + HEADERS_PER_SECTOR - 1) / HEADERS_PER_SECTOR;
  }

  /**
   * Returns which of the sectors of header bytes a stripe is in.
   *
   * @param stripe index of the stripe
   * @return number of the group; its sector is the one after it
   */
  public static int group(int stripe) {
    return stripe / HEADERS_PER_SECTOR;
  }

  /**
   * Returns where a group's sector begins in the file.
   *
   * @param group number of the group
   * @return position in bytes
   */
  public static long position(int group) {
    return SECTOR * (1L + group);
  }
}
