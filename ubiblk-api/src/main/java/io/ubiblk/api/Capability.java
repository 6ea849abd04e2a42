package io.ubiblk.api;

/**
 * What a {@link BlockDevice} can do beyond reading. A decorator that passes requests through offers
 * the capabilities of what it wraps or fewer.
 */
public enum Capability {

  /** The device can be changed. Without it, every change completes with {@link Status#EROFS}. */
  WRITE,

  /**
   * The device may hold completed writes back until a flush. Without it, a completed write is
   * durable and a flush has nothing to do.
   */
  FLUSH,

  /** The device honours {@link IoFlags#FUA}. Without it, such a request is refused. */
  FUA,

  /** The device serves {@link BlockChannel#discard}. */
  DISCARD,

  /** The device serves {@link BlockChannel#writeZeroes}. */
  WRITE_ZEROES
}
