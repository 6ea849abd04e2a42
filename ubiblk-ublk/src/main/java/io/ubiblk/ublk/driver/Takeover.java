package io.ubiblk.ublk.driver;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.DeviceParameters;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.protocol.Opcode;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Takes a device over from a server that has ended. */
public final class Takeover {

  private static final int PAUSE_MILLIS = 20;

  private Takeover() {}

  /**
   * Begins to take a device over: afterwards its requests may be fetched, and then {@link
   * Opcode#END_USER_RECOVERY} completes it.
   *
   * @param node the driver
   * @param id number of the device
   * @param geometry of the device to serve
   * @param patience how long to wait for the server before to end
   * @return the device, or null if there is none that has been started
   * @throws BlockDeviceException.Busy if the device has a server
   * @throws BlockDeviceException.Mismatch if it is larger than the device to serve, or has other
   *     blocks
   * @throws BlockDeviceException.Unsupported if the device was not made to be taken over, or hands
   *     over requests in a way that this server does not know
   * @throws IOException if the driver refuses
   */
  public static @Nullable DeviceInfo begin(
      ControlNode node, int id, Geometry geometry, Duration patience) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      DeviceInfo info = node.info(id);
      if (info == null || info.state() == DeviceInfo.DEAD) {
        return null;
      }
      requireServable(info);
      if (info.isAbandoned()) {
        // Before the driver forgets the old server: then only a new one can make it do so again.
        check(id, node.parameters(id), geometry);
        int result = node.send(Opcode.START_USER_RECOVERY, id, 0);
        // Nothing is fetched: a server has begun to take the device over, and has ended since.
        if (result == 0 || result == -Errno.EINVAL) {
          return info;
        }
        if (result != -Errno.EBUSY) {
          throw Errno.exception(Opcode.START_USER_RECOVERY.name(), "ublk device " + id, result);
        }
      }
      if (System.nanoTime() > deadline) {
        throw new BlockDeviceException.Busy(
            "ublk device " + id + " is served by process " + info.pid());
      }
      pause();
    }
  }

  /** Another program may have added the device. */
  private static void requireServable(DeviceInfo info) throws BlockDeviceException.Unsupported {
    if (!info.has(DriverFeatures.USER_RECOVERY)) {
      throw new BlockDeviceException.Unsupported(
          "ublk device " + info.id() + " was not added as one that can be recovered");
    }
    long ways = info.flags() & DriverFeatures.WAYS;
    if (ways != 0 && ways != DriverFeatures.ZERO_COPY) {
      throw new BlockDeviceException.Unsupported(
          "ublk device %d hands over requests in a way of flags 0x%x, expected none or 0x%x"
              .formatted(info.id(), ways, DriverFeatures.ZERO_COPY));
    }
  }

  private static void check(int id, DeviceParameters shown, Geometry geometry)
      throws BlockDeviceException.Mismatch {
    int blocks = 1 << shown.logicalShift();
    if (geometry.logicalBlockSize() != blocks || geometry.size() < shown.bytes()) {
      throw new BlockDeviceException.Mismatch(
          "ublk device %d has %d bytes in blocks of %d, the device to serve has %d in blocks of %d"
              .formatted(id, shown.bytes(), blocks, geometry.size(), geometry.logicalBlockSize()));
    }
  }

  private static void pause() throws BlockDeviceException.Closed {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BlockDeviceException.Closed("interrupted while waiting for the server before");
    }
  }
}
