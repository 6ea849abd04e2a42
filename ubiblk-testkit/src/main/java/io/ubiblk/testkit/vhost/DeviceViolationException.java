package io.ubiblk.testkit.vhost;

/** A device has done what no device may: the driver's picture of the ring is wrong from then on. */
public final class DeviceViolationException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what the device did
   */
  public DeviceViolationException(String message) {
    super(message);
  }
}
