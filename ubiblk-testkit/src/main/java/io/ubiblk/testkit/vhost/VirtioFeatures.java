package io.ubiblk.testkit.vhost;

/**
 * Feature bits of virtio, of its block device and of vhost-user, as masks.
 *
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     sections 5.2.3 and 6</a>
 */
public final class VirtioFeatures {

  /** The largest segment is in the configuration. */
  public static final long BLK_SIZE_MAX = 1L << 1;

  /** The largest number of segments is in the configuration. */
  public static final long BLK_SEG_MAX = 1L << 2;

  /** A disk geometry is in the configuration. */
  public static final long BLK_GEOMETRY = 1L << 4;

  /** The device is read-only. */
  public static final long BLK_RO = 1L << 5;

  /** The block size is in the configuration. */
  public static final long BLK_BLK_SIZE = 1L << 6;

  /** The device has a flush request. */
  public static final long BLK_FLUSH = 1L << 9;

  /** Hints for alignment are in the configuration. */
  public static final long BLK_TOPOLOGY = 1L << 10;

  /** The write cache can be switched. */
  public static final long BLK_CONFIG_WCE = 1L << 11;

  /** The number of queues is in the configuration. */
  public static final long BLK_MQ = 1L << 12;

  /** The device has a discard request. */
  public static final long BLK_DISCARD = 1L << 13;

  /** The device has a write-zeroes request. */
  public static final long BLK_WRITE_ZEROES = 1L << 14;

  /** Changed pages are logged; a bit of vhost. */
  public static final long LOG_ALL = 1L << 26;

  /** Descriptors may be indirect. */
  public static final long INDIRECT_DESC = 1L << 28;

  /** Notifications are suppressed by index instead of by flag. */
  public static final long EVENT_IDX = 1L << 29;

  /** The protocol has features of its own; a bit of vhost-user, never shown to a guest. */
  public static final long PROTOCOL_FEATURES = 1L << 30;

  /** The device follows virtio 1. */
  public static final long VERSION_1 = 1L << 32;

  /** The device is behind an IOMMU. */
  public static final long ACCESS_PLATFORM = 1L << 33;

  /** Rings may be packed. */
  public static final long RING_PACKED = 1L << 34;

  /** What a driver of this package understands. */
  public static final long UNDERSTOOD =
      BLK_SIZE_MAX
          | BLK_SEG_MAX
          | BLK_GEOMETRY
          | BLK_RO
          | BLK_BLK_SIZE
          | BLK_FLUSH
          | BLK_TOPOLOGY
          | BLK_CONFIG_WCE
          | BLK_MQ
          | BLK_DISCARD
          | BLK_WRITE_ZEROES
          | INDIRECT_DESC
          | EVENT_IDX
          | PROTOCOL_FEATURES
          | VERSION_1;

  private VirtioFeatures() {}
}
