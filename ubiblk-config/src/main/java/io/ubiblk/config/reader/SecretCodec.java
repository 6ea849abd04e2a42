package io.ubiblk.config.reader;

import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.secret.SecretBytes;
import io.ubiblk.config.toml.Section;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Decodes and unwraps secrets. */
final class SecretCodec {

  private static final int KEK_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;

  private SecretCodec() {}

  /** Decodes base64 with nothing but white space behind it, or returns null. */
  static byte @Nullable [] base64(byte[] text) {
    int length = text.length;
    while (length > 0 && isSpace(text[length - 1])) {
      length--;
    }
    byte[] trimmed = Arrays.copyOf(text, length);
    try {
      byte[] value = Base64.getDecoder().decode(trimmed);
      // The decoder puts up with missing padding and with stray bits in the last character.
      byte[] canonical = Base64.getEncoder().encode(value);
      boolean same = Arrays.equals(canonical, trimmed);
      Arrays.fill(canonical, (byte) 0);
      return same ? value : null;
    } catch (IllegalArgumentException e) {
      return null;
    } finally {
      Arrays.fill(trimmed, (byte) 0);
    }
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r';
  }

  /** Unwraps nonce, ciphertext and tag. */
  static byte[] unwrap(SecretBytes kek, String name, byte[] wrapped, Section section)
      throws ConfigurationException {
    if (kek.length() != KEK_BYTES) {
      throw section.problem(
          "", "is wrapped with a secret of " + kek.length() + " bytes, expected " + KEK_BYTES);
    }
    if (wrapped.length < NONCE_BYTES + TAG_BYTES) {
      throw section.problem(
          "", "is wrapped but has " + wrapped.length + " bytes, expected at least 28");
    }
    byte[] key = kek.copy();
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      GCMParameterSpec nonce = new GCMParameterSpec(TAG_BYTES * 8, wrapped, 0, NONCE_BYTES);
      cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), nonce);
      cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
      return cipher.doFinal(wrapped, NONCE_BYTES, wrapped.length - NONCE_BYTES);
    } catch (GeneralSecurityException e) { // says nothing more
      throw section.problem(
          "",
          "cannot be unwrapped: wrong key, wrong name or damaged, expected a value wrapped under"
              + " this name");
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }
}
