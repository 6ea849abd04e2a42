package io.ubiblk.core.file;

/**
 * How a {@link RawFileDevice} opens its file.
 *
 * @param readOnly open for reading only, with a lock that other readers may share
 * @param direct transfer between memory and storage without the page cache
 * @param writeThrough make every write durable before it completes; the device then has nothing to
 *     flush
 */
public record RawFileOptions(boolean readOnly, boolean direct, boolean writeThrough) {

  /** Read and write through the page cache. */
  public static final RawFileOptions DEFAULT = new RawFileOptions(false, false, false);

  /**
   * Returns a copy that opens for reading only, or not.
   *
   * @param value whether to open for reading only
   * @return the copy
   */
  public RawFileOptions withReadOnly(boolean value) {
    return new RawFileOptions(value, direct, writeThrough);
  }

  /**
   * Returns a copy that bypasses the page cache, or not.
   *
   * @param value whether to bypass the page cache
   * @return the copy
   */
  public RawFileOptions withDirect(boolean value) {
    return new RawFileOptions(readOnly, value, writeThrough);
  }

  /**
   * Returns a copy that writes through, or not.
   *
   * @param value whether to make every write durable before it completes
   * @return the copy
   */
  public RawFileOptions withWriteThrough(boolean value) {
    return new RawFileOptions(readOnly, direct, value);
  }
}
