package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyWrappingTest {

  private static String unwrap(String key, String wrapped, String use) throws Exception {
    try (Secret kek = Secret.takeFrom(Vectors.hex(key));
        Secret secret = KeyWrapping.unwrap(kek, Vectors.hex(wrapped), use)) {
      return HexFormat.of().formatHex(secret.toBytes());
    }
  }

  private static String ascii(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @CsvSource({
    "11, test-aad, 222222222222222222222222bd5dade36a6535f54f957496e20c437fb5396748c02b06e1f8e5a042"
        + "a34bcfa9fee2c32dfcfc842dc700986061d431b0, aa",
    "11, test-aad, 222222222222222222222222ac4cbcf27b7424e45e846587f31d526ea4287659d13a17f0e9f4b153"
        + "b25adeb8b0b43b693ec8af91df4124c637bd3bae, bb"
  })
  void keysWrappedByUbiblkUnwrap(String kek, String use, String wrapped, String plain)
      throws Exception {
    assertEquals(plain.repeat(32), unwrap(kek.repeat(32), wrapped, use));
  }

  @Test
  void textsWrappedByUbiblkUnwrap() throws Exception {
    assertEquals(
        ascii("super secret psk string"),
        unwrap(
            "33".repeat(32),
            "44444444444444444444444443e4b4f7b826fc0ec3f0c1e6d6edb91a3aff65f809b1d8fb7d2006399233fb"
                + "49fd90dd3c9515f3",
            "psk-aad"));
    assertEquals(
        ascii("AKIAEXAMPLEACCESSKEY"),
        unwrap(
            "33".repeat(32),
            "44444444444444444444444471da8dd38f5ece26f0cee1d3b5de8f2249c754d3db9540098985405248bc50"
                + "593b58a937",
            "aws-cred-aad"));
  }

  @Test
  void diskAndArchiveKeysWrappedByUbiblkUnwrap() throws Exception {
    String kek = ascii("0123456789abcdef0123456789abcdef");
    assertEquals(
        "11".repeat(32),
        unwrap(
            kek,
            "0101010101010101010101012f05dc2f2e777817b4936e33431d1168a2720a2cfbb5b4e1a335f934868d45"
                + "8773a00c22d01e75d3e3c5fb7f7fbf9a69",
            "ubiblk_archive"));
    assertEquals(
        Vectors.SPEC_KEY,
        unwrap(
            kek,
            "020202020202020202020202c92fc39b77f6b9c4548e60be06403313154c5acd0319ce4746c3279028ca14"
                + "b9ff9143c82c13daf454123fa4faadd67e276ee185728bfc583e30b9cfc8725c1fadb5c8ef52ed09"
                + "cfea9d28d11a2b95b3",
            "xts-key"));
  }

  /** Test cases 13 and 14 of the specification of GCM. */
  @Test
  void knownAnswersOfTheStandard() throws Exception {
    String nonce = "00".repeat(12);
    assertEquals("", unwrap("00".repeat(32), nonce + "530f8afbc74536b9a963b4f1c4cb738b", ""));
    assertEquals(
        "00".repeat(16),
        unwrap(
            "00".repeat(32),
            nonce + "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919",
            ""));
  }

  @Test
  void legacyKeysUnwrap() throws Exception {
    byte[] nonce = Vectors.hex("09".repeat(12));
    byte[] associated = "authdata".getBytes(StandardCharsets.US_ASCII);
    byte[] first =
        Vectors.hex(
            "8c2e2f3f155b6aca0bc960934d4108747f1bc8589f455c6bc405ed0d7edfaad104a6a0b9fa19081f49cbb6"
                + "096aa6d9fd");
    byte[] second =
        Vectors.hex(
            "ea484959733d0cac6daf06f52b276e12197dae3ef9233a0da2638b6b18b9ccb77c3853faaffcdbc74c1808"
                + "92add412f3");
    try (Secret kek = Secret.takeFrom(Vectors.hex("07".repeat(32)));
        Secret data = KeyWrapping.unwrapLegacy(kek, nonce, associated, first);
        Secret tweak = KeyWrapping.unwrapLegacy(kek, nonce, associated, second)) {
      assertArrayEquals(Vectors.hex("ab".repeat(32)), data.toBytes());
      assertArrayEquals(Vectors.hex("cd".repeat(32)), tweak.toBytes());
      assertThrows(
          BlockDeviceException.Mismatch.class,
          () -> KeyWrapping.unwrapLegacy(kek, nonce, new byte[0], first));
      assertThrows(
          BlockDeviceException.BadFormat.class,
          () -> KeyWrapping.unwrapLegacy(kek, new byte[16], associated, first));
      assertThrows(
          BlockDeviceException.BadFormat.class,
          () -> KeyWrapping.unwrapLegacy(kek, nonce, associated, new byte[15]));
    }
  }

  @Test
  void whatIsWrappedUnwrapsForTheSameUseOnly() throws Exception {
    try (Secret kek = Secret.takeFrom(Vectors.hex("55".repeat(32)));
        Secret other = Secret.takeFrom(Vectors.hex("56".repeat(32)));
        Secret secret = Secret.copyOf(Vectors.hex(Vectors.KEY))) {
      byte[] wrapped = KeyWrapping.wrap(kek, secret, "schlüssel");
      assertEquals(64 + KeyWrapping.OVERHEAD_BYTES, wrapped.length);
      assertFalse(Arrays.equals(wrapped, KeyWrapping.wrap(kek, secret, "schlüssel")), "same nonce");
      try (Secret back = KeyWrapping.unwrap(kek, wrapped, "schlüssel")) {
        assertArrayEquals(secret.toBytes(), back.toBytes());
      }
      refuses(kek, wrapped, "other");
      refuses(other, wrapped, "schlüssel");
      for (int i = 0; i < wrapped.length; i++) {
        byte[] changed = wrapped.clone();
        changed[i] ^= 1;
        refuses(kek, changed, "schlüssel");
      }
      for (int length = KeyWrapping.OVERHEAD_BYTES; length < wrapped.length; length++) {
        refuses(kek, Arrays.copyOf(wrapped, length), "schlüssel");
      }
    }
  }

  private static void refuses(Secret kek, byte[] wrapped, String use) {
    BlockDeviceException.Mismatch refusal =
        assertThrows(
            BlockDeviceException.Mismatch.class, () -> KeyWrapping.unwrap(kek, wrapped, use));
    assertEquals(null, refusal.getCause());
    assertTrue(refusal.toString().contains(use), refusal::toString);
  }

  @Test
  void emptySecretsWrap() throws Exception {
    try (Secret kek = Secret.takeFrom(Vectors.hex("55".repeat(32)));
        Secret secret = Secret.copyOf(new byte[0])) {
      byte[] wrapped = KeyWrapping.wrap(kek, secret, "x");
      assertEquals(28, wrapped.length);
      try (Secret back = KeyWrapping.unwrap(kek, wrapped, "x")) {
        assertEquals(0, back.length());
      }
    }
  }

  @Test
  void valuesThatAreTooShortAreRefusedAsSuch() {
    try (Secret kek = Secret.takeFrom(Vectors.hex("55".repeat(32)))) {
      for (int length = 0; length < 28; length++) {
        byte[] wrapped = new byte[length];
        BlockDeviceException.BadFormat refusal =
            assertThrows(
                BlockDeviceException.BadFormat.class, () -> KeyWrapping.unwrap(kek, wrapped, "x"));
        assertTrue(refusal.toString().contains("too short"), refusal::toString);
      }
    }
  }

  @Test
  void keysThatWrapOthersHaveThirtyTwoBytes() {
    for (int length : new int[] {0, 16, 31, 33, 64}) {
      try (Secret kek = Secret.copyOf(new byte[length]);
          Secret secret = Secret.copyOf(new byte[64])) {
        assertThrows(
            BlockDeviceException.BadFormat.class, () -> KeyWrapping.unwrap(kek, new byte[60], "x"));
        assertThrows(
            BlockDeviceException.BadFormat.class, () -> KeyWrapping.wrap(kek, secret, "x"));
      }
    }
  }
}
