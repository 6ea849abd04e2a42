package io.ubiblk.api;

/** Flags of a write or write-zeroes request, to be combined with {@code |}. */
public final class IoFlags {

  /** No flag. */
  public static final int NONE = 0;

  /**
   * Forced unit access: the request completes when its data is durable. Needs {@link
   * Capability#FUA}.
   */
  public static final int FUA = 1;

  /**
   * Write zeroes without giving the storage back: a later write to the range will not fail for lack
   * of space.
   */
  public static final int NO_UNMAP = 1 << 1;

  /**
   * The data will not be read again soon: a device with a cache need not keep it there. A hint; it
   * changes nothing about visibility or durability.
   */
  public static final int BYPASS_CACHE = 1 << 2;

  private IoFlags() {}

  /**
   * Decides whether the flags of a write are ones that a write may carry.
   *
   * @param flags the flags
   * @return {@link Status#OK}, or {@link Status#EINVAL} if there is any but {@link #FUA} and {@link
   *     #BYPASS_CACHE}
   */
  public static int checkWrite(int flags) {
    return (flags & ~(FUA | BYPASS_CACHE)) == 0 ? Status.OK : Status.EINVAL;
  }

  /**
   * Decides whether the flags of a write-zeroes request are ones that it may carry.
   *
   * @param flags the flags
   * @return {@link Status#OK}, or {@link Status#EINVAL} if there is any but {@link #FUA} and {@link
   *     #NO_UNMAP}
   */
  public static int checkWriteZeroes(int flags) {
    return (flags & ~(FUA | NO_UNMAP)) == 0 ? Status.OK : Status.EINVAL;
  }
}
