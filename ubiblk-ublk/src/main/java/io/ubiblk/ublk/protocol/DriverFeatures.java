package io.ubiblk.ublk.protocol;

/**
 * Flags of a device, which are the features of a driver too.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/ublk_cmd.h">
 *     UBLK_F_ in linux/ublk_cmd.h</a>
 */
public final class DriverFeatures {

  /** The server has the memory of requests registered ({@code UBLK_F_SUPPORT_ZERO_COPY}). */
  public static final long SUPPORT_ZERO_COPY = 1;

  /** The server asks for the data of each write ({@code UBLK_F_NEED_GET_DATA}). */
  public static final long NEED_GET_DATA = 1 << 2;

  /** The device outlives its server ({@code UBLK_F_USER_RECOVERY}). */
  public static final long USER_RECOVERY = 1 << 3;

  /**
   * What the server had not answered when it ended is issued again to the next one ({@code
   * UBLK_F_USER_RECOVERY_REISSUE}).
   */
  public static final long USER_RECOVERY_REISSUE = 1 << 4;

  /** Commands are encoded like ioctls ({@code UBLK_F_CMD_IOCTL_ENCODE}). */
  public static final long CMD_IOCTL_ENCODE = 1 << 6;

  /**
   * The server copies data itself, by reading and writing the device's node ({@code
   * UBLK_F_USER_COPY}).
   *
   * @see io.ubiblk.ublk.queue.KernelPages
   */
  public static final long USER_COPY = 1 << 7;

  /** The device has zones ({@code UBLK_F_ZONED}). */
  public static final long ZONED = 1 << 8;

  /** The size may change while the device is in use ({@code UBLK_F_UPDATE_SIZE}, Linux 6.16). */
  public static final long UPDATE_SIZE = 1 << 10;

  /**
   * The memory of a request is registered with the server's ring, as a fixed buffer, when the
   * server gets the request ({@code UBLK_F_AUTO_BUF_REG}, Linux 6.16).
   */
  public static final long AUTO_BUF_REG = 1 << 11;

  /** What is needed to serve without copying, and to copy what cannot be served so. */
  public static final long ZERO_COPY = USER_COPY | AUTO_BUF_REG;

  /** The server fetches and commits requests by the batch ({@code UBLK_F_BATCH_IO}). */
  public static final long BATCH_IO = 1 << 15;

  /** Requests have check data besides their data ({@code UBLK_F_INTEGRITY}). */
  public static final long INTEGRITY = 1 << 16;

  /** Of a device, all that decides how its server gets requests and their data. */
  public static final long WAYS =
      ZERO_COPY | SUPPORT_ZERO_COPY | NEED_GET_DATA | ZONED | BATCH_IO | INTEGRITY;

  private DriverFeatures() {}
}
