package io.ubiblk.nbd.protocol;

/**
 * What a client learns of an export when it chooses it: the transmission flags.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class ExportFlag {

  /** There are flags. */
  public static final int HAS_FLAGS = 1;

  /** The export cannot be changed. */
  public static final int READ_ONLY = 1 << 1;

  /** FLUSH is served. */
  public static final int SEND_FLUSH = 1 << 2;

  /** The flag FUA is honoured. */
  public static final int SEND_FUA = 1 << 3;

  /** TRIM is served. */
  public static final int SEND_TRIM = 1 << 5;

  /** WRITE_ZEROES is served. */
  public static final int SEND_WRITE_ZEROES = 1 << 6;

  /** The flag DF is honoured. */
  public static final int SEND_DF = 1 << 7;

  /** A flush on one connection covers all connections. */
  public static final int CAN_MULTI_CONN = 1 << 8;

  /** CACHE is served. */
  public static final int SEND_CACHE = 1 << 10;

  /** The flag FAST_ZERO is honoured. */
  public static final int SEND_FAST_ZERO = 1 << 11;

  private ExportFlag() {}
}
