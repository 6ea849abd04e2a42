package io.ubiblk.ublk.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The requests of a queue as the driver describes them: {@code struct ublksrv_io_desc} for each
 * tag, in memory that the driver writes. A description is valid from the completion of a fetch to
 * the commit.
 *
 * @param segment the descriptions, {@link #SIZE} bytes each
 */
public record IoDescriptors(MemorySegment segment) {

  /** Size of a description in bytes. */
  public static final int SIZE = 24;

  /** Most requests of a queue ({@code UBLK_MAX_QUEUE_DEPTH}). */
  public static final int MOST = 4096;

  static final int READ = 0;
  static final int WRITE = 1;
  static final int FLUSH = 2;
  static final int DISCARD = 3;
  static final int WRITE_ZEROES = 5;

  static final int FLAG_FUA = 1 << 13;

  /** The memory of the request is not registered, though that was asked for. */
  static final int FLAG_NO_BUFFER = 1 << 17;

  static final int FLAG_NOUNMAP = 1 << 15;

  private static final int OP_FLAGS = 0;
  private static final int NR_SECTORS = 4;
  private static final int START_SECTOR = 8;
  private static final int OPERATION_MASK = 0xff;

  int operation(int tag) {
    return flags(tag) & OPERATION_MASK;
  }

  int flags(int tag) {
    return segment.get(ValueLayout.JAVA_INT, (long) tag * SIZE + OP_FLAGS);
  }

  /** Length in sectors; 32 bits without a sign in the structure. */
  long sectors(int tag) {
    return Integer.toUnsignedLong(
        segment.get(ValueLayout.JAVA_INT, (long) tag * SIZE + NR_SECTORS));
  }

  long startSector(int tag) {
    return segment.get(ValueLayout.JAVA_LONG, (long) tag * SIZE + START_SECTOR);
  }
}
