package io.ubiblk.testkit.vhost;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Numbers and bytes of virtio-blk requests.
 *
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     section 5.2.6</a>
 */
public final class BlkRequest {

  /** Type of a read. */
  public static final int IN = 0;

  /** Type of a write. */
  public static final int OUT = 1;

  /** Type of a flush. */
  public static final int FLUSH = 4;

  /** Type of the request for the device's name. */
  public static final int GET_ID = 8;

  /** Type of a discard. */
  public static final int DISCARD = 11;

  /** Type of a write of zeros. */
  public static final int WRITE_ZEROES = 13;

  /** Status: success. */
  public static final int OK = 0;

  /** Status: the request failed. */
  public static final int IOERR = 1;

  /** Status: the device does not have this request. */
  public static final int UNSUPP = 2;

  /** No status: the device has left the status byte as the driver had set it. */
  public static final int NO_STATUS = 0xff;

  /** Length of a request's header in bytes. */
  public static final int HEADER_SIZE = 16;

  /** Length of a device's name in bytes. */
  public static final int ID_SIZE = 20;

  /** Length of a sector in bytes, whatever the device's block size. */
  public static final int SECTOR_SIZE = 512;

  /** Flag of a range to be zeroed: the storage may be freed. */
  public static final int UNMAP = 1;

  /** Length of a range in a discard or write-zeroes request in bytes. */
  static final int RANGE_SIZE = 16;

  private BlkRequest() {}

  /**
   * Encodes a request's header.
   *
   * @param type any number
   * @param sector any number
   * @return 16 bytes
   */
  public static byte[] header(int type, long sector) {
    return ByteBuffer.allocate(HEADER_SIZE)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(type)
        .putInt(0)
        .putLong(sector)
        .array();
  }

  /**
   * Encodes the data of a discard or write-zeroes request.
   *
   * @param ranges any number
   * @return 16 bytes for each range
   */
  public static byte[] ranges(SectorRange... ranges) {
    ByteBuffer out = ByteBuffer.allocate(RANGE_SIZE * ranges.length).order(ByteOrder.LITTLE_ENDIAN);
    for (SectorRange range : ranges) {
      out.putLong(range.sector()).putInt(range.sectors()).putInt(range.flags());
    }
    return out.array();
  }
}
