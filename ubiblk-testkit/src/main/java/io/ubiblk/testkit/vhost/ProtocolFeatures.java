package io.ubiblk.testkit.vhost;

/**
 * Bits of the vhost-user protocol's own features, as masks.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#protocol-features">
 *     vhost-user protocol, protocol features</a>
 */
public final class ProtocolFeatures {

  /** The number of queues can be asked for. */
  public static final long MQ = 1L << 0;

  /** The log of changed pages is shared memory. */
  public static final long LOG_SHMFD = 1L << 1;

  /** Any message can ask for a reply. */
  public static final long REPLY_ACK = 1L << 3;

  /** The backend can send requests to the frontend. */
  public static final long BACKEND_REQ = 1L << 5;

  /** The configuration space is read and written by messages. */
  public static final long CONFIG = 1L << 9;

  /** Requests of the backend may carry descriptors. */
  public static final long BACKEND_SEND_FD = 1L << 10;

  /** Requests in flight are tracked in shared memory. */
  public static final long INFLIGHT_SHMFD = 1L << 12;

  /** The device can be reset. */
  public static final long RESET_DEVICE = 1L << 13;

  /** Kicks and calls can be messages. */
  public static final long INBAND_NOTIFICATIONS = 1L << 14;

  /** Memory regions are added and removed one by one. */
  public static final long CONFIGURE_MEM_SLOTS = 1L << 15;

  /** The virtio device status travels in messages. */
  public static final long STATUS = 1L << 16;

  private ProtocolFeatures() {}
}
