package io.ubiblk.core.io;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.linux.OpenFile;

/**
 * One user's access to a reactor's file I/O. Confined to the reactor's thread.
 *
 * <p>Operations carry a slot, a number from 0 to the port's depth - 1 that is not in flight. Each
 * ends in one call of the port's {@link IoHandler}, never from inside a call of the port. Files,
 * lists and memory belong to the port from the call to the completion. Transfers may be cut short,
 * and may fail with {@code EAGAIN} or {@code EINTR}: whoever issued them continues.
 */
public interface IoPort {

  /**
   * Reads from a file into a part of a list.
   *
   * @param slot slot of the operation
   * @param file file to read
   * @param offset position in the file in bytes
   * @param list memory to fill
   * @param position first byte to fill, counted from the start of the list
   * @param length number of bytes, at least 1
   */
  void read(int slot, OpenFile file, long offset, ScatterList list, long position, long length);

  /**
   * Writes a part of a list to a file.
   *
   * @param slot slot of the operation
   * @param file file to write
   * @param offset position in the file in bytes
   * @param list memory to write
   * @param position first byte to write, counted from the start of the list
   * @param length number of bytes, at least 1
   * @param flags 0 or a combination of {@link OpenFile#RWF_DSYNC} and {@link
   *     OpenFile#RWF_DONTCACHE}
   */
  void write(
      int slot,
      OpenFile file,
      long offset,
      ScatterList list,
      long position,
      long length,
      int flags);

  /**
   * Reads from a file into a fixed buffer.
   *
   * @param slot slot of the operation
   * @param file file to read
   * @param offset position in the file in bytes
   * @param buffer number of the buffer, from {@link IoReactor#reserveBuffers}
   * @param position first byte of the buffer to fill
   * @param length number of bytes, at least 1
   */
  default void readFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length) {
    throw noBuffer(buffer);
  }

  /**
   * Writes a part of a fixed buffer to a file.
   *
   * @param slot slot of the operation
   * @param file file to write
   * @param offset position in the file in bytes
   * @param buffer number of the buffer, from {@link IoReactor#reserveBuffers}
   * @param position first byte of the buffer to write
   * @param length number of bytes, at least 1
   * @param flags as for {@link #write}
   */
  default void writeFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length, int flags) {
    throw noBuffer(buffer);
  }

  private static IllegalArgumentException noBuffer(int buffer) {
    return new IllegalArgumentException("buffer " + buffer + " of a reactor that has none");
  }

  /**
   * Makes what was written to a file durable.
   *
   * @param slot slot of the operation
   * @param file the file
   */
  void sync(int slot, OpenFile file);

  /**
   * Frees or zeroes a range of a file.
   *
   * @param slot slot of the operation
   * @param file the file
   * @param mode {@link OpenFile#PUNCH_HOLE} or {@link OpenFile#ZERO_RANGE}
   * @param offset first byte
   * @param length length in bytes
   */
  void allocate(int slot, OpenFile file, int mode, long offset, long length);

  /** Closes the port. No operation may be in flight. */
  void close();
}
