package io.ubiblk.core.lazy;

/**
 * How far a disk has been filled.
 *
 * @param stripes stripes of the disk
 * @param source stripes that the source contains
 * @param fetched stripes that have been brought to the disk, or replaced whole
 * @param stripeSize size of a stripe in bytes
 * @param underWay stripes being fetched or waiting for their turn
 * @param failures fetches that were given up, each after its last attempt
 */
public record FetchProgress(
    long stripes, long source, long fetched, int stripeSize, long underWay, long failures) {

  /** {@return whether nothing is left to fetch} */
  public boolean isComplete() {
    return fetched >= source;
  }
}
