package io.ubiblk.ublk.protocol;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct ublksrv_ctrl_cmd}: what goes with a command to the control node.
 *
 * @param id number of the device, or -1 for a new one that may have any
 * @param buffer memory that the driver reads or writes; {@link MemorySegment#NULL} if none
 * @param data a number, such as the server's process
 * @param pathLength length in bytes, with a zero at its end, of the path with which the buffer
 *     begins; 0 if it does not
 */
public record ControlCommand(int id, MemorySegment buffer, long data, int pathLength) {

  /** Size of the structure in bytes. */
  public static final int SIZE = 32;

  private static final int DEV_ID = 0;
  private static final int QUEUE_ID = 4;
  private static final int LEN = 6;
  private static final int ADDR = 8;
  private static final int DATA = 16;
  private static final int DEV_PATH_LEN = 24;
  private static final short NO_QUEUE = -1;

  /**
   * Writes the structure.
   *
   * @param dst at least {@link #SIZE} bytes of zeros
   */
  public void write(MemorySegment dst) {
    dst.set(ValueLayout.JAVA_INT, DEV_ID, id);
    dst.set(ValueLayout.JAVA_SHORT, QUEUE_ID, NO_QUEUE);
    dst.set(ValueLayout.JAVA_SHORT, LEN, (short) buffer.byteSize());
    dst.set(ValueLayout.JAVA_LONG, ADDR, buffer.address());
    dst.set(ValueLayout.JAVA_LONG, DATA, data);
    dst.set(ValueLayout.JAVA_SHORT, DEV_PATH_LEN, (short) pathLength);
  }
}
