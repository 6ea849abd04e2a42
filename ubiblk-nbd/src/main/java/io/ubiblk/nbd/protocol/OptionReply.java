package io.ubiblk.nbd.protocol;

/**
 * How options are answered, and what is said about an export.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class OptionReply {

  /** The option was taken, or all was said. */
  public static final int ACK = 1;

  /** An export. */
  public static final int SERVER = 2;

  /** Something about an export. */
  public static final int INFO = 3;

  /** A metadata context. */
  public static final int META_CONTEXT = 4;

  /** This bit makes an error. */
  public static final int ERROR = 1 << 31;

  /** The option is not known. */
  public static final int UNSUP = ERROR | 1;

  /** The option is not allowed here. */
  public static final int POLICY = ERROR | 2;

  /** The option is malformed, or comes at the wrong time. */
  public static final int INVALID = ERROR | 3;

  /** The client has to start TLS first. */
  public static final int TLS_REQUIRED = ERROR | 5;

  /** There is no such export. */
  public static final int UNKNOWN = ERROR | 6;

  /** The server is ending. */
  public static final int SHUTDOWN = ERROR | 7;

  /** The option has too much data. */
  public static final int TOO_BIG = ERROR | 9;

  /** Extended headers have been agreed on already. */
  public static final int EXTENDED_HEADER_REQUIRED = ERROR | 10;

  /** Info: size and flags. */
  public static final int INFO_EXPORT = 0;

  /** Info: the canonical name. */
  public static final int INFO_NAME = 1;

  /** Info: the description. */
  public static final int INFO_DESCRIPTION = 2;

  /** Info: smallest, preferred and largest request. */
  public static final int INFO_BLOCK_SIZE = 3;

  private OptionReply() {}
}
