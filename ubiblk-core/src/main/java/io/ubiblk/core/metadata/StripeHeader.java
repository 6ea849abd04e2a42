package io.ubiblk.core.metadata;

/**
 * The header byte of a stripe. Bits 3 to 7 are reserved: written as zero, and kept as they were
 * found.
 */
public final class StripeHeader {

  /** The stripe's content has been copied from the source to the disk and is durable there. */
  public static final int FETCHED = 1;

  /** The stripe has been written, or is about to be; kept only where writes are tracked. */
  public static final int WRITTEN = 1 << 1;

  /** The source contains the stripe. */
  public static final int HAS_SOURCE = 1 << 2;

  private StripeHeader() {}

  /**
   * Returns whether the disk holds the stripe's content.
   *
   * @param header a header byte
   * @return whether the stripe has been fetched or has nothing to fetch
   */
  public static boolean isReady(int header) {
    return (header & (HAS_SOURCE | FETCHED)) != HAS_SOURCE;
  }

  /**
   * Returns whether the stripe has been written.
   *
   * @param header a header byte
   * @return whether the bit is set
   */
  public static boolean isWritten(int header) {
    return (header & WRITTEN) != 0;
  }

  /**
   * Returns whether the source contains the stripe.
   *
   * @param header a header byte
   * @return whether the bit is set
   */
  public static boolean hasSource(int header) {
    return (header & HAS_SOURCE) != 0;
  }
}
