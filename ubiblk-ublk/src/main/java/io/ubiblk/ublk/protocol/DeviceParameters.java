package io.ubiblk.ublk.protocol;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/**
 * {@code struct ublk_params}, as far as it is about disks: what the block device looks like.
 *
 * @param attributes the attributes below
 * @param logicalShift logical block size, as a power of two
 * @param physicalShift physical block size, as a power of two
 * @param optimalShift optimal transfer, as a power of two
 * @param maxSectors largest request in sectors
 * @param sectors size of the device in sectors
 * @param discardGranularity unit of discards in bytes; 0 if there is neither discard nor write
 *     zeroes
 * @param maxDiscardSectors longest discard in sectors; 0 if there is none
 * @param maxZeroSectors longest write zeroes in sectors; 0 if there is none
 */
public record DeviceParameters(
    int attributes,
    int logicalShift,
    int physicalShift,
    int optimalShift,
    int maxSectors,
    long sectors,
    int discardGranularity,
    int maxDiscardSectors,
    int maxZeroSectors) {

  /** Size in bytes of the part of the structure that is about disks. */
  public static final int SIZE = 60;

  /** The device cannot be changed. */
  public static final int READ_ONLY = 1;

  /** The device holds writes back until a flush. */
  public static final int VOLATILE_CACHE = 1 << 2;

  /** The device honours FUA; otherwise the kernel flushes. */
  public static final int FUA = 1 << 3;

  private static final int TYPE_BASIC = 1;
  private static final int TYPE_DISCARD = 1 << 1;

  private static final int LEN = 0;
  private static final int TYPES = 4;
  private static final int ATTRS = 8;
  private static final int LOGICAL_BS_SHIFT = 12;
  private static final int PHYSICAL_BS_SHIFT = 13;
  private static final int IO_OPT_SHIFT = 14;
  private static final int IO_MIN_SHIFT = 15;
  private static final int MAX_SECTORS = 16;
  private static final int DEV_SECTORS = 24;
  private static final int DISCARD_GRANULARITY = 44;
  private static final int MAX_DISCARD_SECTORS = 48;
  private static final int MAX_WRITE_ZEROES_SECTORS = 52;
  private static final int MAX_DISCARD_SEGMENTS = 56;

  /** The kernel's limits are in sectors, its lengths in bytes have 32 bits. */
  private static final int MOST_RANGE_SECTORS = Integer.MAX_VALUE / Geometry.SECTOR;

  /**
   * Derives the parameters of a device.
   *
   * @param device the device
   * @param largestTransfer largest request in bytes that there are buffers for
   * @param pageSize size of the kernel's pages in bytes
   * @return the parameters
   * @throws BlockDeviceException.Unsupported if the kernel cannot have such a device
   */
  public static DeviceParameters of(BlockDevice device, int largestTransfer, int pageSize)
      throws BlockDeviceException.Unsupported {
    Geometry geometry = device.geometry();
    int logical = geometry.logicalBlockSize();
    if (logical > pageSize) {
      throw new BlockDeviceException.Unsupported(
          "%s has blocks of %d bytes, the kernel takes at most a page of %d"
              .formatted(device, logical, pageSize));
    }
    int largest = Math.min(largestTransfer, geometry.maxTransfer()) & -logical;
    if (largest < pageSize) {
      throw new BlockDeviceException.Unsupported(
          "%s takes at most %d bytes at once, the kernel demands at least a page of %d"
              .formatted(device, largest, pageSize));
    }
    Set<Capability> offered = device.capabilities();
    boolean writable = offered.contains(Capability.WRITE);
    boolean discards = writable && offered.contains(Capability.DISCARD);
    boolean zeroes = writable && offered.contains(Capability.WRITE_ZEROES);
    return new DeviceParameters(
        attributes(offered),
        shift(logical),
        shift(geometry.physicalBlockSize()),
        shift(optimal(geometry)),
        largest / Geometry.SECTOR,
        geometry.size() / Geometry.SECTOR,
        discards || zeroes ? Math.max(geometry.discardGranularity(), logical) : 0,
        discards ? MOST_RANGE_SECTORS : 0,
        zeroes ? MOST_RANGE_SECTORS : 0);
  }

  /** {@return the size of the device in bytes} */
  public long bytes() {
    return sectors * Geometry.SECTOR;
  }

  /**
   * Reads the structure.
   *
   * @param src at least {@link #SIZE} bytes
   * @return what it says
   */
  public static DeviceParameters read(MemorySegment src) {
    boolean ranges = (src.get(ValueLayout.JAVA_INT_UNALIGNED, TYPES) & TYPE_DISCARD) != 0;
    return new DeviceParameters(
        src.get(ValueLayout.JAVA_INT_UNALIGNED, ATTRS),
        src.get(ValueLayout.JAVA_BYTE, LOGICAL_BS_SHIFT),
        src.get(ValueLayout.JAVA_BYTE, PHYSICAL_BS_SHIFT),
        src.get(ValueLayout.JAVA_BYTE, IO_OPT_SHIFT),
        src.get(ValueLayout.JAVA_INT_UNALIGNED, MAX_SECTORS),
        src.get(ValueLayout.JAVA_LONG_UNALIGNED, DEV_SECTORS),
        ranges ? src.get(ValueLayout.JAVA_INT_UNALIGNED, DISCARD_GRANULARITY) : 0,
        ranges ? src.get(ValueLayout.JAVA_INT_UNALIGNED, MAX_DISCARD_SECTORS) : 0,
        ranges ? src.get(ValueLayout.JAVA_INT_UNALIGNED, MAX_WRITE_ZEROES_SECTORS) : 0);
  }

  /**
   * Writes the structure.
   *
   * @param dst at least {@link #SIZE} bytes of zeros
   */
  public void write(MemorySegment dst) {
    boolean ranges = discardGranularity > 0;
    writeHeader(dst, TYPE_BASIC | (ranges ? TYPE_DISCARD : 0));
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, ATTRS, attributes);
    dst.set(ValueLayout.JAVA_BYTE, LOGICAL_BS_SHIFT, (byte) logicalShift);
    dst.set(ValueLayout.JAVA_BYTE, PHYSICAL_BS_SHIFT, (byte) physicalShift);
    dst.set(ValueLayout.JAVA_BYTE, IO_OPT_SHIFT, (byte) optimalShift);
    dst.set(ValueLayout.JAVA_BYTE, IO_MIN_SHIFT, (byte) physicalShift);
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, MAX_SECTORS, maxSectors);
    dst.set(ValueLayout.JAVA_LONG_UNALIGNED, DEV_SECTORS, sectors);
    if (ranges) {
      dst.set(ValueLayout.JAVA_INT_UNALIGNED, DISCARD_GRANULARITY, discardGranularity);
      dst.set(ValueLayout.JAVA_INT_UNALIGNED, MAX_DISCARD_SECTORS, maxDiscardSectors);
      dst.set(ValueLayout.JAVA_INT_UNALIGNED, MAX_WRITE_ZEROES_SECTORS, maxZeroSectors);
      dst.set(ValueLayout.JAVA_SHORT_UNALIGNED, MAX_DISCARD_SEGMENTS, (short) 1);
    }
  }

  /**
   * Writes the header, with which the parameters are asked for.
   *
   * @param dst at least {@link #SIZE} bytes
   */
  public static void writeRequest(MemorySegment dst) {
    writeHeader(dst, TYPE_BASIC | TYPE_DISCARD);
  }

  private static void writeHeader(MemorySegment dst, int types) {
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, LEN, SIZE);
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, TYPES, types);
  }

  private static int attributes(Set<Capability> offered) {
    if (!offered.contains(Capability.WRITE)) {
      return READ_ONLY;
    }
    if (!offered.contains(Capability.FLUSH)) {
      return 0;
    }
    return VOLATILE_CACHE | (offered.contains(Capability.FUA) ? FUA : 0);
  }

  /** The optimal transfer, or its largest power of two: the kernel takes no other. */
  private static int optimal(Geometry geometry) {
    int optimal = geometry.optimalTransfer();
    return Math.max(Integer.lowestOneBit(optimal), geometry.physicalBlockSize());
  }

  private static int shift(int powerOfTwo) {
    return Integer.numberOfTrailingZeros(powerOfTwo);
  }
}
