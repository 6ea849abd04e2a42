package io.ubiblk.api;

/**
 * The size of a device and the shapes of request that suit it. All values are in bytes.
 *
 * <p>{@link #of} gives a device of 512-byte blocks without further wishes; the {@code with} methods
 * change one value each.
 *
 * @param size bytes that the device holds, a multiple of the logical block size; may be 0
 * @param logicalBlockSize smallest unit that can be addressed, a power of two, at least 512
 * @param physicalBlockSize unit that the storage writes atomically and without reading it first, a
 *     power of two, at least the logical block size
 * @param optimalTransfer unit in which large requests are best issued and aligned (a stripe, a RAID
 *     row), a multiple of the logical block size, or 0 where there is no preference
 * @param maxTransfer largest read or write that the device accepts, a multiple of the logical block
 *     size
 * @param memoryAlignment alignment of memory that avoids a copy, a power of two; any other works
 *     too
 * @param discardGranularity unit in which discards free storage, a multiple of the logical block
 *     size, or 0 where nothing is known
 */
public record Geometry(
    long size,
    int logicalBlockSize,
    int physicalBlockSize,
    int optimalTransfer,
    int maxTransfer,
    int memoryAlignment,
    int discardGranularity) {

  /** The size of a sector, the unit that disk formats and protocols count in: 512 bytes. */
  public static final int SECTOR = 512;

  /** The largest transfer of a device that has no limit of its own: 1 GiB. */
  public static final int UNLIMITED_TRANSFER = 1 << 30;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is not what the record's description demands
   */
  public Geometry {
    if (!powerOfTwo(logicalBlockSize) || logicalBlockSize < SECTOR) {
      throw bad("logical block size", logicalBlockSize, "a power of two of at least 512");
    }
    if (size < 0 || size % logicalBlockSize != 0) {
      throw bad("size", size, "a multiple of the logical block size " + logicalBlockSize);
    }
    if (!powerOfTwo(physicalBlockSize) || physicalBlockSize < logicalBlockSize) {
      throw bad(
          "physical block size",
          physicalBlockSize,
          "a power of two of at least " + logicalBlockSize);
    }
    if (optimalTransfer < 0 || optimalTransfer % logicalBlockSize != 0) {
      throw bad("optimal transfer", optimalTransfer, "a multiple of " + logicalBlockSize);
    }
    if (maxTransfer < logicalBlockSize || maxTransfer % logicalBlockSize != 0) {
      throw bad("largest transfer", maxTransfer, "a positive multiple of " + logicalBlockSize);
    }
    if (!powerOfTwo(memoryAlignment)) {
      throw bad("memory alignment", memoryAlignment, "a power of two");
    }
    if (discardGranularity < 0 || discardGranularity % logicalBlockSize != 0) {
      throw bad("discard granularity", discardGranularity, "a multiple of " + logicalBlockSize);
    }
  }

  /**
   * Returns the geometry of a device of 512-byte blocks without limits or wishes.
   *
   * @param size size in bytes, a multiple of 512
   * @return the geometry
   */
  public static Geometry of(long size) {
    return new Geometry(size, SECTOR, SECTOR, 0, UNLIMITED_TRANSFER, 1, 0);
  }

  /**
   * Decides whether a request's range is one that a device of this geometry serves.
   *
   * @param offset first byte
   * @param length length in bytes; the largest transfer is not considered
   * @return {@link Status#OK}, or {@link Status#EINVAL} if the range is negative, not aligned to
   *     the logical block size, or not inside the device
   */
  public int check(long offset, long length) {
    // offset + length may overflow, size - length cannot once length is known to be in [0, size].
    boolean inside = length >= 0 && length <= size && offset >= 0 && offset <= size - length;
    return inside && ((offset | length) & (logicalBlockSize - 1)) == 0 ? Status.OK : Status.EINVAL;
  }

  /**
   * Decides like {@link #check} about a read or write, whose length {@link #maxTransfer} limits.
   *
   * @param offset first byte
   * @param length length in bytes
   * @return {@link Status#OK} or {@link Status#EINVAL}
   */
  public int checkTransfer(long offset, long length) {
    return length <= maxTransfer ? check(offset, length) : Status.EINVAL;
  }

  /**
   * Refuses a range that does not lie inside the device.
   *
   * @param offset first byte
   * @param length length in bytes
   * @throws IllegalArgumentException if the range is negative or ends behind the device
   */
  public void requireInside(long offset, long length) {
    if (offset < 0 || length < 0 || length > size || offset > size - length) {
      throw new IllegalArgumentException(
          length + " bytes at " + offset + ", expected a range inside " + size + " bytes");
    }
  }

  /**
   * Refuses a size that a device cannot grow to, because it is smaller or cuts a logical block.
   *
   * @param newSize size in bytes; the present size is not refused
   * @throws IllegalArgumentException if it is less, or not a multiple of the logical block size
   */
  public void requireGrowth(long newSize) {
    if (newSize < size || newSize % logicalBlockSize != 0) {
      throw new IllegalArgumentException(
          "new size of "
              + newSize
              + " bytes, expected a multiple of "
              + logicalBlockSize
              + " of at least "
              + size);
    }
  }

  /**
   * Returns a copy with another size.
   *
   * @param newSize size in bytes
   * @return the copy
   */
  public Geometry withSize(long newSize) {
    return new Geometry(
        newSize,
        logicalBlockSize,
        physicalBlockSize,
        optimalTransfer,
        maxTransfer,
        memoryAlignment,
        discardGranularity);
  }

  /**
   * Returns a copy with other block sizes.
   *
   * @param logical logical block size in bytes
   * @param physical physical block size in bytes
   * @return the copy
   */
  public Geometry withBlockSizes(int logical, int physical) {
    return new Geometry(
        size, logical, physical, optimalTransfer, maxTransfer, memoryAlignment, discardGranularity);
  }

  /**
   * Returns a copy with another optimal transfer.
   *
   * @param bytes optimal transfer in bytes, or 0
   * @return the copy
   */
  public Geometry withOptimalTransfer(int bytes) {
    return new Geometry(
        size,
        logicalBlockSize,
        physicalBlockSize,
        bytes,
        maxTransfer,
        memoryAlignment,
        discardGranularity);
  }

  /**
   * Returns a copy with another largest transfer.
   *
   * @param bytes largest transfer in bytes
   * @return the copy
   */
  public Geometry withMaxTransfer(int bytes) {
    return new Geometry(
        size,
        logicalBlockSize,
        physicalBlockSize,
        optimalTransfer,
        bytes,
        memoryAlignment,
        discardGranularity);
  }

  /**
   * Returns a copy with another memory alignment.
   *
   * @param bytes alignment in bytes
   * @return the copy
   */
  public Geometry withMemoryAlignment(int bytes) {
    return new Geometry(
        size,
        logicalBlockSize,
        physicalBlockSize,
        optimalTransfer,
        maxTransfer,
        bytes,
        discardGranularity);
  }

  /**
   * Returns a copy with another discard granularity.
   *
   * @param bytes granularity in bytes, or 0
   * @return the copy
   */
  public Geometry withDiscardGranularity(int bytes) {
    return new Geometry(
        size,
        logicalBlockSize,
        physicalBlockSize,
        optimalTransfer,
        maxTransfer,
        memoryAlignment,
        bytes);
  }

  private static boolean powerOfTwo(int n) {
    return n > 0 && (n & (n - 1)) == 0;
  }

  private static IllegalArgumentException bad(String what, long value, String expected) {
    return new IllegalArgumentException(what + " of " + value + " bytes, expected " + expected);
  }
}
