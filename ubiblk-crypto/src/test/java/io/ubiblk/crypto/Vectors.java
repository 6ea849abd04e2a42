package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Known keys and contents; see PROVENANCE.md. */
final class Vectors {

  static final String KEY =
      "6470847797dbce8e04abc516518a518e739c38323aeb736b3b7cfd572c0b369a"
          + "03224c136f75c3b01ffee71bce203f6aa40cfb385daba1ebf5904cdf35e5820d";
  static final String EQUAL_HALVES =
      "679ade62b379ebee1bda2c08d0792a952b57aadd1675691134a775b91b1b11bd".repeat(2);
  static final String SPEC_KEY = "0123456789abcdef".repeat(4) + "fedcba9876543210".repeat(4);

  private Vectors() {}

  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  static XtsKey key(String hex) {
    try (Secret secret = Secret.takeFrom(hex(hex))) {
      return XtsKey.of(secret);
    } catch (BlockDeviceException e) {
      throw new AssertionError(e);
    }
  }

  static XtsCipher cipher(String hexKey, TweakLayout layout) {
    try (XtsKey key = key(hexKey)) {
      return new XtsCipher(key, layout);
    }
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream in = Vectors.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      return in.readAllBytes();
    }
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static String sha256Hex(byte[] bytes) {
    return HexFormat.of().formatHex(sha256(bytes));
  }

  /** Sectors of a content that can be told apart: a hash of seed and number, sixteen times. */
  static byte[] pattern(String seed, int sectors) {
    byte[] content = new byte[sectors * 512];
    for (int n = 0; n < sectors; n++) {
      byte[] hash = sha256((seed + ":" + n).getBytes(StandardCharsets.US_ASCII));
      for (int i = 0; i < 16; i++) {
        System.arraycopy(hash, 0, content, n * 512 + i * 32, 32);
      }
    }
    return content;
  }
}
