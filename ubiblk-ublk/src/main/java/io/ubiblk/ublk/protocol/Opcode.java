package io.ubiblk.ublk.protocol;

/**
 * A command to the driver. Since Linux 6.4 its number is encoded like that of an ioctl; before, the
 * number stands alone.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/ublk_cmd.h">
 *     linux/ublk_cmd.h</a>
 */
public enum Opcode {
  /** Tells about a device. */
  GET_DEV_INFO(0x02, Opcode.READ, ControlCommand.SIZE),
  /** Adds a device that is not started. */
  ADD_DEV(0x04, Opcode.BOTH, ControlCommand.SIZE),
  /** Deletes a device, and waits until nobody has it open. */
  DEL_DEV(0x05, Opcode.BOTH, ControlCommand.SIZE),
  /** Makes the block device appear, once all requests have been fetched. */
  START_DEV(0x06, Opcode.BOTH, ControlCommand.SIZE),
  /** Makes the block device go away. */
  STOP_DEV(0x07, Opcode.BOTH, ControlCommand.SIZE),
  /** Sets the parameters of a device that is not started. */
  SET_PARAMS(0x08, Opcode.BOTH, ControlCommand.SIZE),
  /** Tells the parameters of a device. */
  GET_PARAMS(0x09, Opcode.READ, ControlCommand.SIZE),
  /** Begins to take a device over from a server that has ended. */
  START_USER_RECOVERY(0x10, Opcode.BOTH, ControlCommand.SIZE),
  /** Ends taking over, once all requests have been fetched. */
  END_USER_RECOVERY(0x11, Opcode.BOTH, ControlCommand.SIZE),
  /** Tells about a device, to whom may open it. */
  GET_DEV_INFO2(0x12, Opcode.READ, ControlCommand.SIZE),
  /** Tells what the driver can do. */
  GET_FEATURES(0x13, Opcode.READ, ControlCommand.SIZE),
  /** Deletes a device as soon as nobody has it open, and does not wait. */
  DEL_DEV_ASYNC(0x14, Opcode.READ, ControlCommand.SIZE),
  /** Changes the size of a device that is started. */
  UPDATE_SIZE(0x15, Opcode.BOTH, ControlCommand.SIZE),
  /** Fetches a request for the first time. */
  FETCH_REQ(0x20, Opcode.BOTH, IoCommand.SIZE),
  /** Commits the result of a request, and fetches the next one. */
  COMMIT_AND_FETCH_REQ(0x21, Opcode.BOTH, IoCommand.SIZE);

  // asm-generic/ioctl.h
  private static final int READ = 2;
  private static final int BOTH = 3;
  private static final int DIRECTION_SHIFT = 30;
  private static final int SIZE_SHIFT = 16;
  private static final int TYPE_SHIFT = 8;

  private final int number;
  private final int encoded;

  Opcode(int number, int direction, int size) {
    this.number = number;
    this.encoded = direction << DIRECTION_SHIFT | size << SIZE_SHIFT | 'u' << TYPE_SHIFT | number;
  }

  /**
   * Returns the number to send.
   *
   * @param ioctl whether the driver knows the encoding of ioctls
   * @return the number
   */
  public int number(boolean ioctl) {
    return ioctl ? encoded : number;
  }
}
