package io.ubiblk.nbd.protocol;

import java.nio.ByteBuffer;

/** The header of a request, read again and again. */
public final class RequestHeader {

  private static final int LARGEST_COMMAND = Command.BLOCK_STATUS;

  private int flags;
  private int command;
  private long cookie;
  private long offset;
  private long length;

  /** Creates an empty header. */
  public RequestHeader() {}

  /**
   * Reads a header.
   *
   * @param style how requests look
   * @param in where to read
   * @param at first byte of the header
   * @return whether it begins as a request does; nothing else is checked
   */
  public boolean read(ReplyStyle style, ByteBuffer in, int at) {
    if (in.getInt(at) != style.requestMagic()) {
      return false;
    }
    flags = Short.toUnsignedInt(in.getShort(at + 4));
    command = Short.toUnsignedInt(in.getShort(at + 6));
    cookie = in.getLong(at + 8);
    offset = in.getLong(at + 16);
    length =
        style == ReplyStyle.EXTENDED
            ? in.getLong(at + 24)
            : Integer.toUnsignedLong(in.getInt(at + 24));
    return true;
  }

  /** {@return the flags of {@link Command}, and whatever else the client has set} */
  public int flags() {
    return flags;
  }

  /** {@return the command, if {@link #isKnown}} */
  public int command() {
    return command;
  }

  /** {@return whether the command is one of {@link Command}} */
  public boolean isKnown() {
    return command <= LARGEST_COMMAND;
  }

  /** {@return what the client knows the request by} */
  public long cookie() {
    return cookie;
  }

  /** {@return first byte of the range; negative if it is beyond 2^63} */
  public long offset() {
    return offset;
  }

  /** {@return length in bytes; negative if it is beyond 2^63} */
  public long length() {
    return length;
  }

  /**
   * Returns how many bytes follow the header. A write always has them: QEMU sends writes with
   * extended headers without the flag that says so.
   *
   * @param style how requests look
   * @return the number of bytes; negative if it is beyond 2^63
   */
  public long payload(ReplyStyle style) {
    boolean flagged = style == ReplyStyle.EXTENDED && (flags & Command.FLAG_PAYLOAD_LEN) != 0;
    return flagged || command == Command.WRITE ? length : 0;
  }
}
