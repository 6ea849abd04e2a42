package io.ubiblk.nbd.protocol;

/**
 * Requests and their flags.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class Command {

  /** Read. */
  public static final int READ = 0;

  /** Write. */
  public static final int WRITE = 1;

  /** Disconnect. */
  public static final int DISCONNECT = 2;

  /** Make durable. */
  public static final int FLUSH = 3;

  /** Give storage back. */
  public static final int TRIM = 4;

  /** Bring near. */
  public static final int CACHE = 5;

  /** Make zero. */
  public static final int WRITE_ZEROES = 6;

  /** Tell what is allocated. */
  public static final int BLOCK_STATUS = 7;

  /** Flag: durable when it completes. */
  public static final int FLAG_FUA = 1;

  /** Flag of WRITE_ZEROES: keep the storage. */
  public static final int FLAG_NO_HOLE = 1 << 1;

  /** Flag of READ: everything in one chunk. */
  public static final int FLAG_DF = 1 << 2;

  /** Flag of BLOCK_STATUS: one extent only. */
  public static final int FLAG_REQ_ONE = 1 << 3;

  /** Flag of WRITE_ZEROES: fail rather than be slow. */
  public static final int FLAG_FAST_ZERO = 1 << 4;

  /** Flag of an extended header: the length is that of a payload which follows. */
  public static final int FLAG_PAYLOAD_LEN = 1 << 5;

  private Command() {}
}
