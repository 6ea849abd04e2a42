package io.ubiblk.core.blocking;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Geometry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A device written with calls that block: the simplest way to make one. {@link BlockingDevice}
 * turns it into a {@link io.ubiblk.api.BlockDevice}, which has checked every range and flag before
 * it calls.
 *
 * <p><b>Threads.</b> Calls come on virtual threads, as many at once as requests are in flight; they
 * may overlap.
 *
 * <p><b>Errors.</b> A {@link BlockDeviceException.Io} fails the request with its errno, any other
 * exception with {@code EIO}.
 */
public interface BlockingStorage extends AutoCloseable {

  /** {@return size and block sizes; must stay the same} */
  Geometry geometry();

  /**
   * Reads.
   *
   * @param offset position in bytes
   * @param dst native memory to fill to its end, not kept after the call
   * @throws IOException if it fails
   */
  void read(long offset, MemorySegment dst) throws IOException;

  /**
   * Writes.
   *
   * @param offset position in bytes
   * @param src native memory to write, not changed, and not kept after the call
   * @throws IOException if it fails
   */
  void write(long offset, MemorySegment src) throws IOException;

  /**
   * Makes durable every write that returned before this call.
   *
   * @throws IOException if it fails
   */
  void flush() throws IOException;

  /**
   * Makes a range read as zeros. Writes zeros unless overridden.
   *
   * @param offset position in bytes
   * @param length length in bytes
   * @throws IOException if it fails
   */
  default void writeZeroes(long offset, long length) throws IOException {
    MemorySegment zeros = BlockingDevice.zeros();
    for (long done = 0; done < length; ) {
      long step = Math.min(length - done, zeros.byteSize());
      write(offset + done, zeros.asSlice(0, step));
      done += step;
    }
  }

  /**
   * Declares the content of a range as no longer needed. Does nothing unless overridden.
   *
   * @param offset position in bytes
   * @param length length in bytes
   * @throws IOException if it fails
   */
  default void discard(long offset, long length) throws IOException {}

  /**
   * Releases what the storage holds. Called once, when no other call is under way.
   *
   * @throws IOException if it fails
   */
  @Override
  void close() throws IOException;
}
