package io.ubiblk.vhost.virtqueue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the requests of all queues of an export are held to.
 *
 * @param id the twenty bytes that name the device to the guest
 */
public record QueueLimits(MemorySegment id) {

  /** Most ranges in one discard or write-zeroes request. */
  public static final int MOST_RANGES = 32;

  /** Most sectors in one such range: 2 GiB. */
  public static final int MOST_RANGE_SECTORS = 1 << 22;

  private static final int ID_BYTES = 20;

  /**
   * Makes limits.
   *
   * @param arena keeps the name, as long as the export
   * @param deviceId name of the device; of its UTF-8 form the first twenty bytes are used
   * @return the limits
   */
  public static QueueLimits of(Arena arena, String deviceId) {
    byte[] bytes = Arrays.copyOf(deviceId.getBytes(StandardCharsets.UTF_8), ID_BYTES);
    return new QueueLimits(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
  }
}
