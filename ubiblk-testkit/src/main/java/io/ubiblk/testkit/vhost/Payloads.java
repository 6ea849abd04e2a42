package io.ubiblk.testkit.vhost;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Encodes the payloads of messages. Nothing is checked: a test may encode nonsense.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#payload">vhost-user
 *     protocol, payload</a>
 */
public final class Payloads {

  /** In a kick, call or error message: no descriptor comes along. */
  public static final int NO_DESCRIPTOR = 0x100;

  /** Length of an inflight description in bytes, two fields of padding included. */
  private static final int INFLIGHT_SIZE = 24;

  private static final int REGION_SIZE = 32;

  private Payloads() {}

  /**
   * Encodes a number.
   *
   * @param value the number
   * @return 8 bytes
   */
  public static byte[] number(long value) {
    return buffer(8).putLong(value).array();
  }

  /**
   * Encodes a ring and a number.
   *
   * @param index of the ring
   * @param value size, base or state
   * @return 8 bytes
   */
  public static byte[] vringState(int index, int value) {
    return buffer(8).putInt(index).putInt(value).array();
  }

  /**
   * Encodes the addresses of a ring.
   *
   * @param index of the ring
   * @param flags bit 0 asks for logging
   * @param descriptors user address of the descriptor table
   * @param used user address of the used ring
   * @param available user address of the available ring
   * @param log guest address for logging
   * @return 40 bytes
   */
  public static byte[] vringAddresses(
      int index, int flags, long descriptors, long used, long available, long log) {
    return buffer(40)
        .putInt(index)
        .putInt(flags)
        .putLong(descriptors)
        .putLong(used)
        .putLong(available)
        .putLong(log)
        .array();
  }

  /**
   * Encodes a table of memory regions.
   *
   * @param regions the regions, any number
   * @return 8 bytes and 32 for each region
   */
  public static byte[] memoryTable(List<MemoryRegion> regions) {
    byte[] encoded = new byte[8 + REGION_SIZE * regions.size()];
    ByteBuffer out = wrap(encoded).putInt(regions.size()).putInt(0);
    regions.forEach(region -> put(out, region));
    return encoded;
  }

  /**
   * Encodes a single memory region.
   *
   * @param region the region
   * @return 40 bytes
   */
  public static byte[] memoryRegion(MemoryRegion region) {
    byte[] encoded = new byte[8 + REGION_SIZE];
    put(wrap(encoded).putLong(0), region);
    return encoded;
  }

  /**
   * Encodes an access to the configuration space.
   *
   * @param offset first byte
   * @param size number of bytes, as the header of the access says
   * @param flags 0 for a driver's access, 1 for migration
   * @param content what follows
   * @return 12 bytes and the content
   */
  public static byte[] config(int offset, int size, int flags, byte... content) {
    return buffer(12 + content.length)
        .putInt(offset)
        .putInt(size)
        .putInt(flags)
        .put(content)
        .array();
  }

  /**
   * Encodes the description of memory that tracks requests in flight, in the length that common
   * implementations use.
   *
   * @param area the memory
   * @return 24 bytes, the last four zero
   */
  public static byte[] inflight(InflightArea area) {
    return buffer(INFLIGHT_SIZE)
        .putLong(area.mmapSize())
        .putLong(area.mmapOffset())
        .putShort((short) area.queues())
        .putShort((short) area.queueSize())
        .array();
  }

  private static void put(ByteBuffer out, MemoryRegion region) {
    out.putLong(region.guestAddress())
        .putLong(region.size())
        .putLong(region.userAddress())
        .putLong(region.mmapOffset());
  }

  private static ByteBuffer buffer(int size) {
    return wrap(new byte[size]);
  }

  private static ByteBuffer wrap(byte[] target) {
    return ByteBuffer.wrap(target).order(ByteOrder.nativeOrder());
  }
}
