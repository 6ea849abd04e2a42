package io.ubiblk.nbd.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The strings of the protocol: UTF-8, without NUL, 4096 bytes at most. Names are compared as bytes,
 * which for valid UTF-8 is the same as comparing strings.
 */
public final class ExportName {

  /** The most bytes of a string. */
  public static final int LONGEST = 4096;

  private ExportName() {}

  /**
   * Returns whether something can be sent as a string.
   *
   * @param text the string
   * @return whether it is short enough and has no NUL
   */
  public static boolean isValid(String text) {
    return text.indexOf('\0') < 0
        && text.getBytes(StandardCharsets.UTF_8).length <= LONGEST
        && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /**
   * Reads a string.
   *
   * @param in where to read; advanced
   * @param length number of bytes, at most {@link ByteBuffer#remaining()}
   * @return the string
   * @throws MalformedOption if it is too long, has a NUL, or is not UTF-8
   */
  static String read(ByteBuffer in, int length) throws MalformedOption {
    if (length > LONGEST) {
      throw new MalformedOption("string of " + length + " bytes, expected at most " + LONGEST);
    }
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      if (text.indexOf('\0') >= 0) {
        throw new MalformedOption("string with a NUL");
      }
      return text;
    } catch (CharacterCodingException e) {
      throw new MalformedOption("string that is not UTF-8");
    }
  }
}
