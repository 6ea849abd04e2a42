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
}
