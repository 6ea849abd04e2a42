package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;

/**
 * Error numbers by name.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
 */
public final class Errno {

  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** No such file or directory. */
  public static final int ENOENT = 2;

  /** Interrupted by a signal. */
  public static final int EINTR = 4;

  /** Bad file descriptor. */
  public static final int EBADF = 9;

  /** Try again. */
  public static final int EAGAIN = 11;

  /** Out of memory. */
  public static final int ENOMEM = 12;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Busy. */
  public static final int EBUSY = 16;

  /** File exists. */
  public static final int EEXIST = 17;

  /** Invalid argument. */
  public static final int EINVAL = 22;

  /** Too many open files in this process. */
  public static final int EMFILE = 24;

  /** Too many open files in the system. */
  public static final int ENFILE = 23;

  /** Nobody reads what is written. */
  public static final int EPIPE = 32;

  /** The address is taken. */
  public static final int EADDRINUSE = 98;

  /** The other end has gone without a word. */
  public static final int ECONNRESET = 104;

  /** Not a terminal; an ioctl that the file does not know. */
  public static final int ENOTTY = 25;

  /** No such device or address; nothing more to seek to. */
  public static final int ENXIO = 6;

  /** No such system call. */
  public static final int ENOSYS = 38;

  /** Timer expired. */
  public static final int ETIME = 62;

  /** Operation not supported. */
  public static final int EOPNOTSUPP = 95;

  private static final String[] NAMES =
      ("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT"
              + " ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY"
              + " EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS"
              + " ENOTEMPTY ELOOP")
          .split(" ");

  private Errno() {}

  /**
   * Returns the name of an error number.
   *
   * @param errno a positive error number
   * @return its name, or {@code errno 200} for one that is not common
   */
  public static String name(int errno) {
    if (errno >= 1 && errno <= NAMES.length) {
      return NAMES[errno - 1];
    }
    return switch (errno) {
      case 52 -> "EBADE";
      case 61 -> "ENODATA";
      case ETIME -> "ETIME";
      case 75 -> "EOVERFLOW";
      case EOPNOTSUPP -> "EOPNOTSUPP";
      case EADDRINUSE -> "EADDRINUSE";
      case 99 -> "EADDRNOTAVAIL";
      case ECONNRESET -> "ECONNRESET";
      case 107 -> "ENOTCONN";
      case 110 -> "ETIMEDOUT";
      case 117 -> "EUCLEAN";
      case 121 -> "EREMOTEIO";
      case 122 -> "EDQUOT";
      case 125 -> "ECANCELED";
      default -> "errno " + errno;
    };
  }

  /**
   * Makes the exception for a call that failed.
   *
   * @param operation what was tried, for example {@code open}
   * @param object what it was tried on, for example a path
   * @param result what the call returned: a negative errno
   * @return the exception, to be thrown
   */
  public static BlockDeviceException.Io exception(String operation, Object object, long result) {
    int errno = (int) -result;
    return new BlockDeviceException.Io(operation + " " + object + ": " + name(errno), errno);
  }
}
