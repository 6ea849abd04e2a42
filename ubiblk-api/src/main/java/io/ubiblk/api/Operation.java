package io.ubiblk.api;

/** The kinds of request that a {@link BlockChannel} takes, for statistics. */
public enum Operation {
  /** {@link BlockChannel#read}. */
  READ,
  /** {@link BlockChannel#write}. */
  WRITE,
  /** {@link BlockChannel#flush}. */
  FLUSH,
  /** {@link BlockChannel#discard}. */
  DISCARD,
  /** {@link BlockChannel#writeZeroes}. */
  WRITE_ZEROES,
  /** {@link BlockChannel#prefetch}. */
  PREFETCH
}
