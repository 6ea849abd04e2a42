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

  // struct ublk_auto_buf_reg, in the address of the ring's entry
  private static final long NO_BUFFER = 0xffff;
  private static final long FALLBACK = 1L << 16;

  // Where the data of a request is, for whoever reads or writes the device's node.
  private static final long DATA = 0x80000000L;
  private static final int DATA_TAG_SHIFT = 25;
  private static final int DATA_QUEUE_SHIFT = 41;

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

  /**
   * Returns what asks for the memory of the next request to be registered as a fixed buffer. If
   * that fails the request comes all the same, and its description says so.
   *
   * @param buffer number of the buffer, or -1 for none, so that every request comes without
   * @return the address of the ring's entry
   */
  public static long register(int buffer) {
    return FALLBACK | (buffer < 0 ? NO_BUFFER : buffer);
  }

  /**
   * Returns where the data of a request begins in the device's node.
   *
   * @param queue number of the queue
   * @param tag number of the request
   * @return position in bytes
   */
  public static long dataOffset(int queue, int tag) {
    return DATA + ((long) queue << DATA_QUEUE_SHIFT) + ((long) tag << DATA_TAG_SHIFT);
  }
}
