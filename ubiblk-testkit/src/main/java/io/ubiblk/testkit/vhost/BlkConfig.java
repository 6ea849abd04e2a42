package io.ubiblk.testkit.vhost;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The configuration space of a virtio block device, up to the write-zeroes fields. Which fields
 * mean something depends on the features that were negotiated.
 *
 * @param capacity size of the device in sectors of 512 bytes
 * @param sizeMax largest buffer in bytes
 * @param segMax largest number of data buffers in a request
 * @param cylinders of the legacy geometry
 * @param heads of the legacy geometry
 * @param sectors of the legacy geometry
 * @param blkSize block size in bytes
 * @param physicalBlockExp logarithm of blocks per physical block
 * @param alignmentOffset offset of the first aligned block in blocks
 * @param minIoSize suggested smallest transfer in blocks
 * @param optIoSize suggested largest transfer in blocks
 * @param writeback 1 for a write cache, 0 for none
 * @param queues number of queues
 * @param maxDiscardSectors largest range to be discarded in sectors
 * @param maxDiscardSeg largest number of ranges in a discard
 * @param discardSectorAlignment alignment of ranges to be discarded in sectors
 * @param maxWriteZeroesSectors largest range to be zeroed in sectors
 * @param maxWriteZeroesSeg largest number of ranges in a write of zeros
 * @param writeZeroesMayUnmap whether the flag that the storage may be freed has an effect
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     section 5.2.4</a>
 */
public record BlkConfig(
    long capacity,
    long sizeMax,
    long segMax,
    int cylinders,
    int heads,
    int sectors,
    long blkSize,
    int physicalBlockExp,
    int alignmentOffset,
    int minIoSize,
    long optIoSize,
    int writeback,
    int queues,
    long maxDiscardSectors,
    long maxDiscardSeg,
    long discardSectorAlignment,
    long maxWriteZeroesSectors,
    long maxWriteZeroesSeg,
    boolean writeZeroesMayUnmap) {

  /** Length of these fields in bytes. */
  public static final int SIZE = 60;

  /** Place of the write cache's switch. */
  public static final int WRITEBACK_OFFSET = 32;

  /**
   * Reads the fields.
   *
   * @param bytes the configuration space from its beginning, at least 60 bytes
   * @return the fields
   */
  public static BlkConfig parse(byte... bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return new BlkConfig(
        in.getLong(0),
        u32(in, 8),
        u32(in, 12),
        u16(in, 16),
        u8(in, 18),
        u8(in, 19),
        u32(in, 20),
        u8(in, 24),
        u8(in, 25),
        u16(in, 26),
        u32(in, 28),
        u8(in, WRITEBACK_OFFSET),
        u16(in, 34),
        u32(in, 36),
        u32(in, 40),
        u32(in, 44),
        u32(in, 48),
        u32(in, 52),
        u8(in, 56) != 0);
  }

  private static int u8(ByteBuffer in, int at) {
    return Byte.toUnsignedInt(in.get(at));
  }

  private static int u16(ByteBuffer in, int at) {
    return Short.toUnsignedInt(in.getShort(at));
  }

  private static long u32(ByteBuffer in, int at) {
    return Integer.toUnsignedLong(in.getInt(at));
  }
}
