package io.ubiblk.ublk.protocol;

/**
 * {@code struct ublksrv_io_cmd}: what goes with a command to a queue, in two words.
 *
 * @see Opcode#FETCH_REQ
 * @see Opcode#COMMIT_AND_FETCH_REQ
 */
public final class IoCommand {

  /** Size of the structure in bytes. */
  public static final int SIZE = 16;

  private static final int TAG_SHIFT = 16;
  private static final int RESULT_SHIFT = 32;

  private IoCommand() {}

  /**
   * Returns the first word; the second is the address of the request's buffer.
   *
   * @param queue number of the queue
   * @param tag number of the request
   * @param result bytes transferred, or a negative errno; 0 when fetching
   * @return queue, tag and result side by side
   */
  public static long first(int queue, int tag, int result) {
    // Every processor that Java runs on under Linux has its low bytes first.
    return (queue & 0xffffL) | ((tag & 0xffffL) << TAG_SHIFT) | ((long) result << RESULT_SHIFT);
  }
}
