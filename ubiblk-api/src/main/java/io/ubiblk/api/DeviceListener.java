package io.ubiblk.api;

/**
 * Receives events that travel from a device up to whoever serves it. Called on any thread, also
 * reactors' threads: it must return soon, and it must not call back into the device but for its
 * getters.
 */
public interface DeviceListener {

  /**
   * The device has grown. {@link BlockDevice#geometry()} shows the new size already, and requests
   * in the new range are served.
   *
   * @param size the new size in bytes
   */
  default void sizeChanged(long size) {}

  /**
   * The device has failed for good: every request from now on will fail. Nothing else follows.
   *
   * @param cause what happened
   */
  default void failed(BlockDeviceException cause) {}
}
