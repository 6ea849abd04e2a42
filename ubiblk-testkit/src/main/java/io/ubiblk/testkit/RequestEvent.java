package io.ubiblk.testkit;

import io.ubiblk.api.Operation;

/**
 * A request as it passed through a double: what {@link FaultyBlockDevice} decides by and {@link
 * RecordingBlockDevice} records.
 *
 * @param operation the kind of request
 * @param offset position on the device in bytes; 0 of a flush
 * @param length length in bytes; 0 of a flush
 * @param flags flags of {@link io.ubiblk.api.IoFlags}
 */
public record RequestEvent(Operation operation, long offset, long length, int flags) {

  /**
   * Returns whether the request touches a range. A flush touches none.
   *
   * @param from first byte
   * @param bytes length in bytes
   * @return whether they have a byte in common
   */
  public boolean touches(long from, long bytes) {
    return offset < from + bytes && from < offset + length;
  }
}
