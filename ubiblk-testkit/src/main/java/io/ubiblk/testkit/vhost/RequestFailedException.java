package io.ubiblk.testkit.vhost;

import java.io.IOException;

/** A device has completed a request with a status other than success. */
public final class RequestFailedException extends IOException {

  private static final long serialVersionUID = 1L;

  /** The status. */
  private final int status;

  /**
   * Creates the exception.
   *
   * @param message which request failed
   * @param status a status of {@link BlkRequest}, or whatever the device wrote
   */
  public RequestFailedException(String message, int status) {
    super(message);
    this.status = status;
  }

  /** {@return a status of {@link BlkRequest}, or whatever the device wrote, 1 to 255} */
  public int status() {
    return status;
  }
}
