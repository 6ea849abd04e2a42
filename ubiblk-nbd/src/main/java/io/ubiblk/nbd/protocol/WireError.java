package io.ubiblk.nbd.protocol;

import io.ubiblk.api.Status;

/**
 * The errors of replies: the few numbers that every client knows.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class WireError {

  /** No error. */
  public static final int OK = 0;

  /** Not permitted: the export is read-only. */
  public static final int EPERM = 1;

  /** The device failed. */
  public static final int EIO = 5;

  /** Memory ran out. */
  public static final int ENOMEM = 12;

  /** The request is wrong. */
  public static final int EINVAL = 22;

  /** No space. */
  public static final int ENOSPC = 28;

  /** Not possible this way. */
  public static final int ENOTSUP = 95;

  /** The server is ending. */
  public static final int ESHUTDOWN = 108;

  private static final int EFBIG = 27;
  private static final int EDQUOT = 122;

  private WireError() {}

  /**
   * Translates a status of a device.
   *
   * @param status what the device said
   * @param fastZero whether the request was one that may fail with {@link #ENOTSUP}
   * @return the error of the reply
   */
  public static int of(int status, boolean fastZero) {
    return switch (status) {
      case Status.OK -> OK;
      case Status.EROFS, EPERM -> EPERM;
      case Status.ENOSPC, EFBIG, EDQUOT -> ENOSPC;
      case Status.ENOMEM -> ENOMEM;
      case Status.EINVAL -> EINVAL;
      case Status.EOPNOTSUPP -> fastZero ? ENOTSUP : EINVAL;
      case Status.ECANCELED -> ESHUTDOWN;
      default -> EIO;
    };
  }
}
