package io.ubiblk.ublk.driver;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.ublk.protocol.ControlCommand;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.DeviceParameters;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.protocol.Opcode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Commands about devices. All methods block, some for as long as a server or a user of the device
 * takes; they may be called from any thread but a reactor's.
 */
public final class ControlNode implements AutoCloseable {

  /** The number of a device that may have any. */
  public static final int ANY = -1;

  private static final int ENODEV = 19;
  private static final int FEATURES_SIZE = 8;

  private final Driver driver;
  private final boolean ioctl;
  private final long features;

  private ControlNode(Driver driver, boolean ioctl, long features) {
    this.driver = driver;
    this.ioctl = ioctl;
    this.features = features;
  }

  /**
   * Asks a driver what it can do.
   *
   * @param driver the driver; closed with this
   * @return the commands
   * @throws IOException if the driver refuses to tell
   */
  public static ControlNode open(Driver driver) throws IOException {
    ControlNode asking = new ControlNode(driver, true, 0);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment answer = arena.allocate(FEATURES_SIZE, 8);
      int result = asking.send(arena, Opcode.GET_FEATURES, 0, answer, 0, 0);
      if (result == -Errno.EPERM || result == -Errno.EACCES) {
        throw new BlockDeviceException.Io(
            "ask the ublk driver for its features: "
                + Errno.name(-result)
                + ", expected CAP_SYS_ADMIN",
            -result);
      }
      // Before Linux 6.5 the driver did not know the question, and need not know the encoding.
      return result < 0
          ? new ControlNode(driver, false, 0)
          : new ControlNode(driver, true, answer.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /**
   * Returns whether the driver has a feature.
   *
   * @param feature a flag of {@link DriverFeatures}
   * @return whether it is known to
   */
  public boolean has(long feature) {
    return (features & feature) != 0;
  }

  /**
   * Returns whether the driver has several features.
   *
   * @param wanted flags of {@link DriverFeatures}
   * @return whether it is known to have all
   */
  public boolean hasAll(long wanted) {
    return (features & wanted) == wanted;
  }

  /** {@return whether commands are encoded like ioctls} */
  public boolean isIoctl() {
    return ioctl;
  }

  /** {@return the driver} */
  public Driver driver() {
    return driver;
  }

  /**
   * Adds a device.
   *
   * @param wanted what it should be
   * @return what it is: the driver may give fewer queues and flags
   * @throws BlockDeviceException.Busy if there is a device of that number
   * @throws IOException if the driver refuses
   */
  public DeviceInfo add(DeviceInfo wanted) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment info = arena.allocate(DeviceInfo.SIZE, 8);
      wanted.write(info);
      int result = send(arena, Opcode.ADD_DEV, wanted.id(), info, 0, 0);
      if (result == -Errno.EEXIST) {
        throw new BlockDeviceException.Busy("ublk device " + wanted.id() + " is there already");
      }
      check(result, Opcode.ADD_DEV, wanted.id());
      return DeviceInfo.read(info);
    }
  }

  /**
   * Tells about a device.
   *
   * @param id number of the device
   * @return what it is, or null if there is none
   * @throws IOException if the driver refuses to tell
   */
  public @Nullable DeviceInfo info(int id) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      // The newer question names the node, so that whoever may open that may ask.
      MemorySegment path = ioctl ? arena.allocateFrom("/dev/ublkc" + id) : MemorySegment.NULL;
      long pathLength = path.byteSize();
      MemorySegment buffer = arena.allocate(pathLength + DeviceInfo.SIZE, 8);
      MemorySegment.copy(path, 0, buffer, 0, pathLength);
      Opcode opcode = ioctl ? Opcode.GET_DEV_INFO2 : Opcode.GET_DEV_INFO;
      int result = send(arena, opcode, id, buffer, 0, (int) pathLength);
      if (result == -ENODEV || result == -Errno.ENOENT) {
        return null;
      }
      check(result, opcode, id);
      return DeviceInfo.read(buffer.asSlice(pathLength));
    }
  }

  /**
   * Sets the parameters of a device that is not started.
   *
   * @param id number of the device
   * @param parameters the parameters
   * @throws IOException if the driver refuses
   */
  public void setParameters(int id, DeviceParameters parameters) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(DeviceParameters.SIZE, 8);
      parameters.write(buffer);
      check(send(arena, Opcode.SET_PARAMS, id, buffer, 0, 0), Opcode.SET_PARAMS, id);
    }
  }

  /**
   * Tells the parameters of a device.
   *
   * @param id number of the device
   * @return the parameters
   * @throws IOException if the driver refuses to tell
   */
  public DeviceParameters parameters(int id) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(DeviceParameters.SIZE, 8);
      DeviceParameters.writeRequest(buffer);
      check(send(arena, Opcode.GET_PARAMS, id, buffer, 0, 0), Opcode.GET_PARAMS, id);
      return DeviceParameters.read(buffer);
    }
  }

  /**
   * Sends a command that carries at most a number.
   *
   * @param opcode the command
   * @param id number of the device
   * @param data the number
   * @return a result that is not negative, or a negative errno
   * @throws IOException if the command cannot be sent
   */
  public int send(Opcode opcode, int id, long data) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      return send(arena, opcode, id, MemorySegment.NULL, data, 0);
    }
  }

  /**
   * Sends a command that carries at most a number, and that has to succeed.
   *
   * @param opcode the command
   * @param id number of the device
   * @param data the number
   * @throws IOException if the command cannot be sent, or the driver refuses
   */
  public void perform(Opcode opcode, int id, long data) throws IOException {
    check(send(opcode, id, data), opcode, id);
  }

  /**
   * Deletes a device: its number is free as soon as nobody has the block device open any more.
   *
   * @param id number of the device; one that is not there is fine
   * @throws IOException if the driver refuses
   */
  public void delete(int id) throws IOException {
    int result = send(Opcode.DEL_DEV_ASYNC, id, 0);
    if (result == -Errno.EINVAL || result == -Errno.EOPNOTSUPP) {
      // Before Linux 6.6: waits while somebody has the device open.
      result = send(Opcode.DEL_DEV, id, 0);
    }
    if (result != -ENODEV) {
      check(result, Opcode.DEL_DEV, id);
    }
  }

  /**
   * Changes the size of a device that is started.
   *
   * @param id number of the device
   * @param bytes new size in bytes
   * @throws BlockDeviceException.Unsupported if the kernel cannot
   * @throws IOException if the driver refuses
   */
  public void resize(int id, long bytes) throws IOException {
    if (!has(DriverFeatures.UPDATE_SIZE)) {
      throw new BlockDeviceException.Unsupported(
          "this kernel cannot change the size of ublk device "
              + id
              + " while it is there, expected Linux 6.16");
    }
    perform(Opcode.UPDATE_SIZE, id, bytes / Geometry.SECTOR);
  }

  @Override
  public void close() {
    driver.close();
  }

  private int send(
      Arena arena, Opcode opcode, int id, MemorySegment buffer, long data, int pathLength)
      throws IOException {
    MemorySegment payload = arena.allocate(ControlCommand.SIZE, 8);
    new ControlCommand(id, buffer, data, pathLength).write(payload);
    return driver.perform(opcode.number(ioctl), payload);
  }

  private static void check(int result, Opcode opcode, int id) throws BlockDeviceException.Io {
    if (result < 0) {
      throw Errno.exception(opcode.name(), "ublk device " + id, result);
    }
  }
}
