package io.ubiblk.vhost.protocol;

/**
 * Feature bits of virtio, virtio-blk and vhost-user.
 *
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-2830003">virtio
 *     1.2, section 5.2.3</a>
 */
public final class Features {

  /** The largest segment is in the configuration. */
  public static final long BLK_SIZE_MAX = 1L << 1;

  /** The largest number of segments is in the configuration. */
  public static final long BLK_SEG_MAX = 1L << 2;

  /** The device is read-only. */
  public static final long BLK_RO = 1L << 5;

  /** The block size is in the configuration. */
  public static final long BLK_BLK_SIZE = 1L << 6;

  /** The device takes flushes. */
  public static final long BLK_FLUSH = 1L << 9;

  /** The topology is in the configuration. */
  public static final long BLK_TOPOLOGY = 1L << 10;

  /** The driver may switch between write-back and write-through. */
  public static final long BLK_CONFIG_WCE = 1L << 11;

  /** The number of queues is in the configuration. */
  public static final long BLK_MQ = 1L << 12;

  /** The device takes discards. */
  public static final long BLK_DISCARD = 1L << 13;

  /** The device takes write-zeroes. */
  public static final long BLK_WRITE_ZEROES = 1L << 14;

  /** Descriptors may refer to tables. */
  public static final long RING_INDIRECT_DESC = 1L << 28;

  /** Notifications are suppressed by index. */
  public static final long RING_EVENT_IDX = 1L << 29;

  /** There are protocol features; rings begin disabled. */
  public static final long VHOST_USER_PROTOCOL_FEATURES = 1L << 30;

  /** The device is not a legacy one. */
  public static final long VERSION_1 = 1L << 32;

  /** Protocol feature: several queues. */
  public static final long PROTOCOL_MQ = 1L;

  /** Protocol feature: a message may ask for a reply. */
  public static final long PROTOCOL_REPLY_ACK = 1L << 3;

  /** Protocol feature: the backend has a channel of its own to the frontend. */
  public static final long PROTOCOL_BACKEND_REQ = 1L << 5;

  /** Protocol feature: the configuration space can be read and written. */
  public static final long PROTOCOL_CONFIG = 1L << 9;

  /** Protocol feature: memory regions come and go one by one. */
  public static final long PROTOCOL_CONFIGURE_MEM_SLOTS = 1L << 15;

  private Features() {}
}
