package io.ubiblk.ublk.protocol;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct ublksrv_ctrl_dev_info}: a device as the driver keeps it.
 *
 * @param queues number of queues
 * @param depth requests that a queue may have in flight
 * @param state one of the states below
 * @param largestTransfer largest request in bytes
 * @param id number of the device, or -1 to be given one
 * @param pid process of the server
 * @param flags flags of {@link DriverFeatures}
 */
public record DeviceInfo(
    int queues, int depth, int state, int largestTransfer, int id, int pid, long flags) {

  /** Size of the structure in bytes. */
  public static final int SIZE = 64;

  /** There is no block device ({@code UBLK_S_DEV_DEAD}). */
  public static final int DEAD = 0;

  /** The block device is there and served ({@code UBLK_S_DEV_LIVE}). */
  public static final int LIVE = 1;

  /** The block device is there and waits for a server ({@code UBLK_S_DEV_QUIESCED}). */
  public static final int QUIESCED = 2;

  /** The block device is there and fails requests ({@code UBLK_S_DEV_FAIL_IO}). */
  public static final int FAIL_IO = 3;

  private static final int NR_HW_QUEUES = 0;
  private static final int QUEUE_DEPTH = 2;
  private static final int STATE = 4;
  private static final int MAX_IO_BUF_BYTES = 8;
  private static final int DEV_ID = 12;
  private static final int UBLKSRV_PID = 16;
  private static final int FLAGS = 24;

  /**
   * Describes a device to be added.
   *
   * @param queues number of queues
   * @param depth requests that a queue may have in flight
   * @param largestTransfer largest request in bytes
   * @param id number of the device, or -1 to be given one
   * @param flags flags of {@link DriverFeatures}
   * @return the description
   */
  public static DeviceInfo wanted(int queues, int depth, int largestTransfer, int id, long flags) {
    return new DeviceInfo(queues, depth, DEAD, largestTransfer, id, 0, flags);
  }

  /**
   * Reads the structure.
   *
   * @param src at least {@link #SIZE} bytes
   * @return what it says
   */
  public static DeviceInfo read(MemorySegment src) {
    return new DeviceInfo(
        Short.toUnsignedInt(src.get(ValueLayout.JAVA_SHORT_UNALIGNED, NR_HW_QUEUES)),
        Short.toUnsignedInt(src.get(ValueLayout.JAVA_SHORT_UNALIGNED, QUEUE_DEPTH)),
        Short.toUnsignedInt(src.get(ValueLayout.JAVA_SHORT_UNALIGNED, STATE)),
        src.get(ValueLayout.JAVA_INT_UNALIGNED, MAX_IO_BUF_BYTES),
        src.get(ValueLayout.JAVA_INT_UNALIGNED, DEV_ID),
        src.get(ValueLayout.JAVA_INT_UNALIGNED, UBLKSRV_PID),
        src.get(ValueLayout.JAVA_LONG_UNALIGNED, FLAGS));
  }

  /**
   * Writes the structure.
   *
   * @param dst at least {@link #SIZE} bytes of zeros
   */
  public void write(MemorySegment dst) {
    dst.set(ValueLayout.JAVA_SHORT_UNALIGNED, NR_HW_QUEUES, (short) queues);
    dst.set(ValueLayout.JAVA_SHORT_UNALIGNED, QUEUE_DEPTH, (short) depth);
    dst.set(ValueLayout.JAVA_SHORT_UNALIGNED, STATE, (short) state);
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, MAX_IO_BUF_BYTES, largestTransfer);
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, DEV_ID, id);
    dst.set(ValueLayout.JAVA_INT_UNALIGNED, UBLKSRV_PID, pid);
    dst.set(ValueLayout.JAVA_LONG_UNALIGNED, FLAGS, flags);
  }

  /**
   * Returns whether the device has a flag.
   *
   * @param flag a flag of {@link DriverFeatures}
   * @return whether it is set
   */
  public boolean has(long flag) {
    return (flags & flag) != 0;
  }

  /** {@return whether the device waits for a server} */
  public boolean isAbandoned() {
    return state == QUIESCED || state == FAIL_IO;
  }
}
