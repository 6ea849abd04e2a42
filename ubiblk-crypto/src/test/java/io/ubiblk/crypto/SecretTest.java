package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] decode(SecretEncoding encoding, byte[] encoded) throws Exception {
    try (Secret secret = encoding.decode("name", encoded)) {
      return secret.toBytes();
    }
  }

  @Test
  void takingBytesOverwritesThem() {
    byte[] bytes = {1, 2, 3};
    try (Secret secret = Secret.takeFrom(bytes)) {
      assertArrayEquals(new byte[3], bytes);
      assertArrayEquals(new byte[] {1, 2, 3}, secret.toBytes());
      assertEquals(3, secret.length());
    }
  }

  @Test
  void copiesLiveByThemselves() {
    byte[] bytes = {1, 2, 3};
    Secret secret = Secret.copyOf(bytes);
    bytes[0] = 9;
    Secret copy = secret.copy();
    secret.close();
    secret.close();
    assertThrows(IllegalStateException.class, secret::toBytes);
    assertArrayEquals(new byte[] {1, 2, 3}, copy.toBytes());
    copy.close();
  }

  @Test
  void emptySecretIsOne() {
    try (Secret secret = Secret.copyOf(new byte[0])) {
      assertEquals(0, secret.length());
      assertArrayEquals(new byte[0], secret.toBytes());
    }
  }

  @Test
  void textAndEqualityTellNothing() {
    try (Secret one = Secret.copyOf(ascii("hunter2"));
        Secret other = Secret.copyOf(ascii("hunter2"))) {
      assertEquals("Secret[redacted]", one.toString());
      assertNotEquals(one, other);
    }
  }

  @Test
  void plaintextIsTakenAsItIs() throws Exception {
    byte[] encoded = ascii("pass word\n");
    assertArrayEquals(ascii("pass word\n"), decode(SecretEncoding.PLAINTEXT, encoded));
    assertArrayEquals(new byte[encoded.length], encoded);
  }

  @Test
  void base64MayEndInWhiteSpace() throws Exception {
    assertArrayEquals(
        new byte[] {1, 2, 3, 4, 5}, decode(SecretEncoding.BASE64, ascii("AQIDBAU= \r\n\t\f")));
    assertArrayEquals(new byte[0], decode(SecretEncoding.BASE64, ascii("")));
    assertArrayEquals(new byte[0], decode(SecretEncoding.BASE64, ascii("\n")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%%%",
        "AQIDBAU",
        "AQIDBAU==",
        "AQIDBAV=",
        " AQIDBAU=",
        "AQID BAU=",
        "AQID\nBAU=",
        "A",
        "AQ=",
        "====",
        "AQIDBAU=\u000b",
        "-_-_",
        "AQIDBAU=x"
      })
  void base64ThatIsNotCanonicalIsRefusedWithoutShowingIt(String text) {
    BlockDeviceException.BadFormat refusal =
        assertThrows(
            BlockDeviceException.BadFormat.class, () -> decode(SecretEncoding.BASE64, ascii(text)));
    assertEquals(
        "io.ubiblk.api.BlockDeviceException$BadFormat: secret \"name\" is not Base64 with canonical"
            + " padding, as its encoding says",
        refusal.toString());
    assertEquals(null, refusal.getCause());
  }

  @Test
  void sizeIsLimitedAfterDecoding() throws Exception {
    byte[] most = new byte[SecretEncoding.MOST_BYTES];
    Arrays.fill(most, (byte) 'x');
    assertArrayEquals(most, decode(SecretEncoding.PLAINTEXT, most.clone()));
    byte[] encoded = Base64.getEncoder().encode(most);
    assertTrue(encoded.length < SecretEncoding.MOST_ENCODED_BYTES);
    assertArrayEquals(most, decode(SecretEncoding.BASE64, encoded));
    for (SecretEncoding encoding : SecretEncoding.values()) {
      byte[] more = new byte[SecretEncoding.MOST_BYTES + 1];
      byte[] text = encoding == SecretEncoding.BASE64 ? Base64.getEncoder().encode(more) : more;
      BlockDeviceException.BadFormat refusal =
          assertThrows(BlockDeviceException.BadFormat.class, () -> decode(encoding, text));
      assertTrue(refusal.toString().contains("8192"), refusal::toString);
      assertArrayEquals(new byte[text.length], text, "not overwritten after a failure");
    }
  }

  @Test
  void encodingsAreChosenByName() {
    assertEquals(SecretEncoding.BASE64, SecretEncoding.named("base64"));
    assertEquals(SecretEncoding.PLAINTEXT, SecretEncoding.named("plaintext"));
    assertEquals("base64", SecretEncoding.BASE64.label());
    assertThrows(IllegalArgumentException.class, () -> SecretEncoding.named("Base64"));
  }

  @Test
  void diskKeysHaveSixtyFourBytes() {
    for (int length : new int[] {0, 32, 63, 65, 128}) {
      try (Secret secret = Secret.copyOf(new byte[length])) {
        BlockDeviceException.BadFormat refusal =
            assertThrows(BlockDeviceException.BadFormat.class, () -> XtsKey.of(secret));
        assertTrue(refusal.toString().contains(length + " bytes, expected 64"), refusal::toString);
      }
    }
  }

  @Test
  void diskKeyOfTwoHalvesIsBothInOrder() throws Exception {
    byte[] both = Vectors.hex(Vectors.KEY);
    try (Secret data = Secret.copyOf(Arrays.copyOf(both, 32));
        Secret tweak = Secret.copyOf(Arrays.copyOfRange(both, 32, 64));
        Secret odd = Secret.copyOf(new byte[40]);
        XtsKey key = XtsKey.ofHalves(data, tweak);
        AesKey first = key.dataKey();
        AesKey second = key.tweakKey()) {
      assertArrayEquals(data.toBytes(), first.getEncoded());
      assertArrayEquals(tweak.toBytes(), second.getEncoded());
      assertThrows(BlockDeviceException.BadFormat.class, () -> XtsKey.ofHalves(odd, tweak));
      assertThrows(BlockDeviceException.BadFormat.class, () -> XtsKey.ofHalves(data, odd));
      assertFalse(first.toString().contains("64"), first::toString);
    }
  }
}
