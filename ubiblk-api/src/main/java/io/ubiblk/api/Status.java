package io.ubiblk.api;

/**
 * The outcome of a request: {@link #OK} or a positive Linux errno. The constants are those that the
 * library itself gives; any other errno may come from below and is passed through unchanged.
 *
 * <p>The numbers are the kernel's and the same on every architecture that Java runs on under Linux.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
 */
public final class Status {

  /** The request succeeded. */
  public static final int OK = 0;

  /** The device failed to read or write. */
  public static final int EIO = 5;

  /** Not now: the resource is taken. */
  public static final int EAGAIN = 11;

  /** Memory ran out. */
  public static final int ENOMEM = 12;

  /** Memory named by the request is not there (any more). */
  public static final int EFAULT = 14;

  /** Something else holds the resource. */
  public static final int EBUSY = 16;

  /** The request's range or flags are wrong. */
  public static final int EINVAL = 22;

  /** The storage is full. */
  public static final int ENOSPC = 28;

  /** The device is read-only. */
  public static final int EROFS = 30;

  /** The device does not offer this operation. */
  public static final int EOPNOTSUPP = 95;

  /** The source did not answer in time. */
  public static final int ETIMEDOUT = 110;

  /** The channel was closed before the request was started. */
  public static final int ECANCELED = 125;

  private Status() {}

  /**
   * Returns the name of a status for messages: {@code EIO}, or {@code errno 71} for one without a
   * constant here.
   *
   * @param status a status
   * @return its name
   */
  public static String name(int status) {
    return switch (status) {
      case OK -> "OK";
      case EIO -> "EIO";
      case EAGAIN -> "EAGAIN";
      case ENOMEM -> "ENOMEM";
      case EFAULT -> "EFAULT";
      case EBUSY -> "EBUSY";
      case EINVAL -> "EINVAL";
      case ENOSPC -> "ENOSPC";
      case EROFS -> "EROFS";
      case EOPNOTSUPP -> "EOPNOTSUPP";
      case ETIMEDOUT -> "ETIMEDOUT";
      case ECANCELED -> "ECANCELED";
      default -> "errno " + status;
    };
  }
}
