package io.ubiblk.testkit.vhost;

import java.io.IOException;

/** An exchange with a backend did not go as a cooperative frontend would like. */
public abstract sealed class VhostUserException extends IOException {

  private static final long serialVersionUID = 1L;

  private VhostUserException(String message) {
    super(message);
  }

  /** The backend has closed the connection. */
  public static final class Closed extends VhostUserException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was being done
     */
    public Closed(String message) {
      super(message);
    }
  }

  /** The backend did not answer in time. */
  public static final class TimedOut extends VhostUserException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was waited for, and how long
     */
    public TimedOut(String message) {
      super(message);
    }
  }

  /** The backend acknowledged a message with a number other than zero. */
  public static final class Refused extends VhostUserException {

    private static final long serialVersionUID = 1L;

    /** The number. */
    private final long value;

    /**
     * Creates the exception.
     *
     * @param message which message was refused
     * @param value the number in the acknowledgement
     */
    public Refused(String message, long value) {
      super(message);
      this.value = value;
    }

    /** {@return the number in the acknowledgement, not zero} */
    public long value() {
      return value;
    }
  }

  /** The backend answered something else than the protocol says. */
  public static final class BadReply extends VhostUserException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what came, and what was expected
     */
    public BadReply(String message) {
      super(message);
    }
  }
}
