package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.vhost.protocol.Features;
import io.ubiblk.vhost.virtqueue.QueueLimits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the guest sees of the device before the first request: features and configuration space.
 *
 * @param device the device
 * @param queues number of queues
 * @param largestSegment most bytes in one piece of a request's data, as advice to the driver
 * @param mostSegments most pieces of a request's data, as advice to the driver
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-2840004">virtio
 *     1.2, section 5.2.4</a>
 */
public record BlockConfig(BlockDevice device, int queues, int largestSegment, int mostSegments) {

  /** Bytes of the configuration space that have a meaning. */
  public static final int SIZE = 60;

  /** Where the cache mode stands. */
  public static final int WRITEBACK = 32;

  private static final long ALWAYS =
      Features.BLK_SIZE_MAX
          | Features.BLK_SEG_MAX
          | Features.BLK_BLK_SIZE
          | Features.BLK_TOPOLOGY
          | Features.BLK_FLUSH
          | Features.BLK_CONFIG_WCE
          | Features.BLK_MQ
          | Features.RING_INDIRECT_DESC
          | Features.RING_EVENT_IDX
          | Features.VHOST_USER_PROTOCOL_FEATURES
          | Features.VERSION_1;

  /** {@return the features that the device offers} */
  public long features() {
    long features = ALWAYS;
    if (!isWritable()) {
      return features | Features.BLK_RO;
    }
    if (device.capabilities().contains(Capability.DISCARD)) {
      features |= Features.BLK_DISCARD;
    }
    if (device.capabilities().contains(Capability.WRITE_ZEROES)) {
      features |= Features.BLK_WRITE_ZEROES;
    }
    return features;
  }

  /** {@return whether the device holds writes back, so that the guest has to flush} */
  public boolean hasCache() {
    return device.capabilities().contains(Capability.FLUSH);
  }

  /**
   * Writes the configuration space.
   *
   * @param writeBack whether the cache mode is write-back
   * @return the bytes
   */
  public byte[] bytes(boolean writeBack) {
    Geometry geometry = device.geometry();
    ByteBuffer config = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    config.putLong(geometry.size() / Geometry.SECTOR);
    config.putInt(largestSegment);
    config.putInt(mostSegments);
    config.putInt(0); // cylinders, heads and sectors: nobody asks
    config.putInt(geometry.logicalBlockSize());
    putTopology(config, geometry);
    config.put((byte) (writeBack ? 1 : 0));
    config.put((byte) 0);
    config.putShort((short) queues);
    long features = features();
    putRanges(config, (features & Features.BLK_DISCARD) != 0);
    int alignment = Math.max(geometry.discardGranularity(), geometry.logicalBlockSize());
    config.putInt((features & Features.BLK_DISCARD) != 0 ? alignment / Geometry.SECTOR : 0);
    putRanges(config, (features & Features.BLK_WRITE_ZEROES) != 0);
    config.put((byte) ((features & Features.BLK_WRITE_ZEROES) != 0 ? 1 : 0)); // may unmap
    return config.array();
  }

  private boolean isWritable() {
    return device.capabilities().contains(Capability.WRITE);
  }

  private static void putTopology(ByteBuffer config, Geometry geometry) {
    int logical = geometry.logicalBlockSize();
    int physical = geometry.physicalBlockSize();
    config.put((byte) Integer.numberOfTrailingZeros(physical / logical));
    config.put((byte) 0);
    config.putShort((short) Math.min(physical / logical, 0xffff));
    config.putInt(Math.max(geometry.optimalTransfer() / logical, 1));
  }

  private static void putRanges(ByteBuffer config, boolean offered) {
    config.putInt(offered ? QueueLimits.MOST_RANGE_SECTORS : 0);
    config.putInt(offered ? QueueLimits.MOST_RANGES : 0);
  }
}
