package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import java.util.Arrays;
import java.util.Base64;

/** How a secret is written in the place that it is read from. */
public enum SecretEncoding {

  /** The bytes as they are, a line end behind them included. */
  PLAINTEXT("plaintext"),

  /**
   * Base64 in the standard alphabet with canonical padding. ASCII white space behind it is ignored;
   * anywhere else it is an error.
   */
  BASE64("base64");

  /** The most bytes that a secret may have when it has been decoded: 8192. */
  public static final int MOST_BYTES = 8192;

  /**
   * As many bytes as need be read of a source to see that it is too long: the Base64 text of the
   * longest secret, some white space, and one more. What is behind them is not looked at.
   */
  public static final int MOST_ENCODED_BYTES = 10_929;

  private final String label;

  SecretEncoding(String label) {
    this.label = label;
  }

  /** {@return the name in configurations} */
  public String label() {
    return label;
  }

  /**
   * Finds an encoding by its name in configurations.
   *
   * @param label the name
   * @return the encoding
   * @throws IllegalArgumentException if there is none of that name
   */
  public static SecretEncoding named(String label) {
    for (SecretEncoding encoding : values()) {
      if (encoding.label.equals(label)) {
        return encoding;
      }
    }
    throw new IllegalArgumentException(
        "encoding \"" + label + "\", expected \"plaintext\" or \"base64\"");
  }

  /**
   * Decodes a secret.
   *
   * @param name names the secret in messages
   * @param encoded what its source held; overwritten with zeros by this call, also if it fails
   * @return the secret, to be closed by the caller
   * @throws BlockDeviceException.BadFormat if the text is not in this encoding or too long; the
   *     message holds nothing of it
   */
  public Secret decode(String name, byte[] encoded) throws BlockDeviceException.BadFormat {
    byte[] decoded = encoded;
    try {
      decoded = this == BASE64 ? decodeBase64(name, encoded) : encoded;
      if (decoded.length > MOST_BYTES) {
        throw new BlockDeviceException.BadFormat(
            "secret \"%s\" has more than the %d bytes that are allowed"
                .formatted(name, MOST_BYTES));
      }
      return Secret.copyOf(decoded);
    } finally {
      Secret.wipe(encoded);
      Secret.wipe(decoded);
    }
  }

  private static byte[] decodeBase64(String name, byte[] encoded)
      throws BlockDeviceException.BadFormat {
    int length = encoded.length;
    while (length > 0 && isSpace(encoded[length - 1])) {
      length--;
    }
    byte[] text = Arrays.copyOf(encoded, length);
    try {
      byte[] decoded = decodeStrictly(text);
      if (decoded.length == 0 && length > 0) {
        throw new BlockDeviceException.BadFormat(
            "secret \"%s\" is not Base64 with canonical padding, as its encoding says"
                .formatted(name));
      }
      return decoded;
    } finally {
      Secret.wipe(text);
    }
  }

  /** Decodes, or returns nothing: the JDK's exception names bytes of the text. */
  private static byte[] decodeStrictly(byte[] text) {
    byte[] decoded;
    try {
      decoded = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
    byte[] again = Base64.getEncoder().encode(decoded);
    try {
      // The JDK takes text without padding, and with stray bits before it.
      if (Arrays.equals(again, text)) {
        return decoded;
      }
      Secret.wipe(decoded);
      return new byte[0];
    } finally {
      Secret.wipe(again);
    }
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r';
  }
}
