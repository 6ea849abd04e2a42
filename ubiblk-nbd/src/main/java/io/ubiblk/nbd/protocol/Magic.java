package io.ubiblk.nbd.protocol;

/**
 * The numbers by which messages begin, and the flags of the greeting.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class Magic {

  /** Begins the greeting. */
  public static final long GREETING = 0x4e42444d41474943L;

  /** Follows in the greeting, and begins every option. */
  public static final long OPTION = 0x49484156454F5054L;

  /** Begins the reply to an option. */
  public static final long OPTION_REPLY = 0x0003e889045565a9L;

  /** Begins a request. */
  public static final int REQUEST = 0x25609513;

  /** Begins a request with an extended header. */
  public static final int EXTENDED_REQUEST = 0x21e41c71;

  /** Begins a simple reply. */
  public static final int SIMPLE_REPLY = 0x67446698;

  /** Begins a chunk of a structured reply. */
  public static final int STRUCTURED_REPLY = 0x668e33ef;

  /** Begins a chunk of a reply with an extended header. */
  public static final int EXTENDED_REPLY = 0x6e8a278c;

  /** Flag of both sides of the greeting: options have replies. */
  public static final int FIXED_NEWSTYLE = 1;

  /** Flag of both sides of the greeting: no padding behind the old way to choose an export. */
  public static final int NO_ZEROES = 1 << 1;

  private Magic() {}
}
