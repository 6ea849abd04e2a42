package io.ubiblk.api;

/** Receives what {@link BlockDevice#extents} finds. */
@FunctionalInterface
public interface ExtentVisitor {

  /** Flag of an extent that has no storage allocated: a later write may fail for lack of space. */
  int HOLE = 1;

  /** Flag of an extent that reads as zeros. */
  int ZERO = 2;

  /**
   * Receives one extent.
   *
   * @param offset first byte on the device
   * @param length length in bytes, at least 1
   * @param flags 0 for data, or a combination of {@link #HOLE} and {@link #ZERO}
   * @return whether to go on
   */
  boolean extent(long offset, long length, int flags);
}
