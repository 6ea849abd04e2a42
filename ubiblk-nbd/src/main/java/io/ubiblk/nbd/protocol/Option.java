package io.ubiblk.nbd.protocol;

/**
 * What a client may ask for before it begins with requests.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class Option {

  /** Choose an export, the old way. */
  public static final int EXPORT_NAME = 1;

  /** Say goodbye. */
  public static final int ABORT = 2;

  /** List the exports. */
  public static final int LIST = 3;

  /** Go on with TLS. */
  public static final int STARTTLS = 5;

  /** Describe an export. */
  public static final int INFO = 6;

  /** Choose an export. */
  public static final int GO = 7;

  /** Use structured replies. */
  public static final int STRUCTURED_REPLY = 8;

  /** List the metadata contexts of an export. */
  public static final int LIST_META_CONTEXT = 9;

  /** Select metadata contexts of an export. */
  public static final int SET_META_CONTEXT = 10;

  /** Use extended headers. */
  public static final int EXTENDED_HEADERS = 11;

  private Option() {}
}
