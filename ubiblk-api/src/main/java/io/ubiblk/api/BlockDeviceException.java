package io.ubiblk.api;

import java.io.IOException;

/**
 * A set-up or control operation on a device, source or frontend failed. Requests on a channel never
 * throw this: they complete with a {@link Status}.
 *
 * <p>Messages name the operation, the object and the numbers, with units.
 */
public abstract sealed class BlockDeviceException extends IOException {

  private static final long serialVersionUID = 1L;

  private BlockDeviceException(String message) {
    super(message);
  }

  private BlockDeviceException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The operating system or the storage refused an operation. */
  public static final class Io extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /** The errno. */
    private final int errno;

    /**
     * Creates the exception.
     *
     * @param message operation, object and errno name
     * @param errno a positive errno
     */
    public Io(String message, int errno) {
      super(message);
      this.errno = errno;
    }

    /** {@return the errno that the operating system gave, positive} */
    public int errno() {
      return errno;
    }
  }

  /** A file or message does not have the format that it should have. */
  public static final class BadFormat extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message which file, at which offset, what was found and what was expected
     */
    public BadFormat(String message) {
      super(message);
    }
  }

  /** Parts that do not fit together, such as a metadata file and a disk of another size. */
  public static final class Mismatch extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message both parts with the values that differ
     */
    public Mismatch(String message) {
      super(message);
    }
  }

  /** Somebody else holds the file or device. */
  public static final class Busy extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what is held, and by whom if that is known
     */
    public Busy(String message) {
      super(message);
    }
  }

  /** The device, source or frontend has been closed. */
  public static final class Closed extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what has been closed
     */
    public Closed(String message) {
      super(message);
    }
  }

  /** The device, the source or this machine cannot do what was asked. */
  public static final class Unsupported extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was asked, and what is missing
     */
    public Unsupported(String message) {
      super(message);
    }
  }

  /** A device failed for good, or a stripe could not be fetched. */
  public static final class Failed extends BlockDeviceException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what failed
     * @param cause why
     */
    public Failed(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
