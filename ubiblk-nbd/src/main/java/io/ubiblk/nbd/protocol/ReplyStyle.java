package io.ubiblk.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * How requests and replies look on a connection. The methods write headers into a buffer in network
 * byte order and return how many bytes they are.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public enum ReplyStyle {
  /** Compact requests, simple replies. */
  SIMPLE(28, 16, Magic.REQUEST),
  /** Compact requests, replies in chunks. */
  STRUCTURED(28, 20, Magic.REQUEST),
  /** Extended requests, replies in chunks with extended headers. */
  EXTENDED(32, 32, Magic.EXTENDED_REQUEST);

  /** Type of a chunk without content. */
  public static final int NONE = 0;

  /** Type of a chunk of data. */
  public static final int OFFSET_DATA = 1;

  /** Type of a chunk that stands for zeros. */
  public static final int OFFSET_HOLE = 2;

  /** Type of a chunk of extents. */
  public static final int BLOCK_STATUS = 5;

  /** Type of a chunk of extents with long numbers. */
  public static final int BLOCK_STATUS_EXT = 6;

  /** Type of a chunk that reports an error. */
  public static final int ERROR = 0x8001;

  private static final int DONE = 1;

  private final int requestSize;
  private final int replySize;
  private final int requestMagic;

  ReplyStyle(int requestSize, int replySize, int requestMagic) {
    this.requestSize = requestSize;
    this.replySize = replySize;
    this.requestMagic = requestMagic;
  }

  /** {@return size of a request's header in bytes} */
  public int requestSize() {
    return requestSize;
  }

  /** {@return the number by which requests begin} */
  public int requestMagic() {
    return requestMagic;
  }

  /** {@return whether replies come in chunks} */
  public boolean hasChunks() {
    return this != SIMPLE;
  }

  /**
   * Writes the header of a reply that has no chunks.
   *
   * @param out where to write
   * @param at first byte
   * @param error the error, or 0; with 0 the data of a read follows
   * @param cookie what the client knows the request by
   * @return number of bytes
   */
  public static int simple(ByteBuffer out, int at, int error, long cookie) {
    out.putInt(at, Magic.SIMPLE_REPLY).putInt(at + 4, error).putLong(at + 8, cookie);
    return SIMPLE.replySize;
  }

  /**
   * Writes the header of a chunk.
   *
   * @param out where to write
   * @param at first byte
   * @param type type of the chunk
   * @param last whether no other chunk follows
   * @param cookie what the client knows the request by
   * @param offset offset of the request
   * @param length bytes that follow the header
   * @return number of bytes
   */
  public int chunk(
      ByteBuffer out, int at, int type, boolean last, long cookie, long offset, long length) {
    int flagsAndType = (last ? DONE : 0) << 16 | type;
    if (this == EXTENDED) {
      out.putInt(at, Magic.EXTENDED_REPLY).putInt(at + 4, flagsAndType).putLong(at + 8, cookie);
      out.putLong(at + 16, offset).putLong(at + 24, length);
    } else {
      out.putInt(at, Magic.STRUCTURED_REPLY).putInt(at + 4, flagsAndType).putLong(at + 8, cookie);
      out.putInt(at + 16, (int) length);
    }
    return replySize;
  }
}
