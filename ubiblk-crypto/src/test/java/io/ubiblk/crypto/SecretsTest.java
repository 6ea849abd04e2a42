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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SecretsTest {

  private final Secrets.Builder builder = Secrets.builder();

  private void add(String name, byte[] bytes, @Nullable String by) {
    builder.add(name, Secret.copyOf(bytes), by);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] wrap(byte[] key, byte[] plain, String use) throws Exception {
    try (Secret kek = Secret.copyOf(key);
        Secret secret = Secret.copyOf(plain)) {
      return KeyWrapping.wrap(kek, secret, use);
    }
  }

  private String refusal() {
    BlockDeviceException refusal =
        assertThrows(BlockDeviceException.class, () -> builder.resolve().close());
    assertFalse(refusal.toString().contains("redacted"), refusal::toString);
    return refusal.toString();
  }

  /** Both secrets as a configuration of ubiblk had them, with white space behind the text. */
  @Test
  void secretOfUbiblkUnwraps() throws Exception {
    byte[] kek = "f8ACgfKiW8EaGmdW4uvp6iRtV3yzcoKGRdoXzzVO9fI=\n".getBytes(StandardCharsets.UTF_8);
    byte[] wrapped =
        ("tjxpbj55yTT9mjsRp/gOo0tJjtDPZ8xaWNGHJs6e40Da3ZY8OYDTG5wXDqMjDkjOY4JDYSINtTDwDRyO9UN0tPM79d"
                + "IK3Fstx2iJsAvCEvq8V0Vb1O+UKtYI6ts=\r\n ")
            .getBytes(StandardCharsets.UTF_8);
    builder.add("xts-key", SecretEncoding.BASE64.decode("xts-key", wrapped), "kek");
    builder.add("kek", SecretEncoding.BASE64.decode("kek", kek), null);
    try (Secrets secrets = builder.resolve()) {
      assertEquals(
          "7710cc765650f1eb93a10e9c29acd15a92ed4260421c57d5cc9f48d806073da1"
              + "340d82c0410ffa035beb3c82cd331fa1dce8a499eb3b8f29fe70187d16a0ff01",
          HexFormat.of().formatHex(secrets.get("xts-key").toBytes()));
      secrets.xtsKey("xts-key").close();
      assertEquals("Secrets[kek, xts-key]", secrets.toString());
    }
  }

  @Test
  void chainsOfAnyDepthResolveInAnyOrder() throws Exception {
    int depth = 40;
    byte[] key = filled(32, 1);
    for (int i = 1; i <= depth; i++) {
      String name = "k" + (depth - i);
      byte[] next = filled(32, i + 1);
      add(name, wrap(key, next, name), i == 1 ? "root" : "k" + (depth - i + 1));
      key = next;
    }
    add("root", filled(32, 1), null);
    try (Secrets secrets = builder.resolve()) {
      assertArrayEquals(key, secrets.get("k0").toBytes());
    }
  }

  @Test
  void circlesAreRefusedByName() {
    add("fine", filled(32, 1), null);
    add("a", filled(60, 1), "b");
    add("b", filled(60, 1), "a");
    String refusal = refusal();
    assertTrue(refusal.contains("circle: [a, b]"), refusal);
  }

  @Test
  void secretThatIsEncryptedByItselfIsRefused() {
    add("self", filled(60, 1), "self");
    assertTrue(refusal().contains("circle: [self]"));
  }

  @Test
  void missingKeyIsRefusedByName() {
    add("a", filled(60, 1), "nobody");
    String refusal = refusal();
    assertTrue(refusal.contains("\"a\"") && refusal.contains("\"nobody\""), refusal);
  }

  @Test
  void keyOfTheWrongLengthIsRefusedByName() {
    add("a", filled(60, 1), "short");
    add("short", filled(31, 1), null);
    String refusal = refusal();
    assertTrue(refusal.contains("\"short\" has 31 bytes, expected 32"), refusal);
  }

  @Test
  void wrongKeyIsRefusedByName() throws Exception {
    add("a", wrap(filled(32, 2), filled(64, 3), "a"), "kek");
    add("kek", filled(32, 1), null);
    assertTrue(refusal().contains("\"a\""));
  }

  @Test
  void valueOfAnotherNameIsRefused() throws Exception {
    add("a", wrap(filled(32, 1), filled(64, 3), "b"), "kek");
    add("kek", filled(32, 1), null);
    assertTrue(refusal().contains("\"a\""));
  }

  @Test
  void nameTwiceIsRefused() {
    add("a", filled(1, 1), null);
    assertThrows(IllegalArgumentException.class, () -> add("a", filled(1, 1), null));
    builder.close();
  }

  @Test
  void usesDecideAboutLengths() throws Exception {
    for (int length : new int[] {0, 1, 15, 16, 31, 32, 33, 63, 64, 65}) {
      add("s" + length, filled(length, 'x'), null);
    }
    try (Secrets secrets = builder.resolve()) {
      for (int length : new int[] {0, 1, 15, 16, 31, 32, 33, 63, 64, 65}) {
        String name = "s" + length;
        assertEquals(length == 64, works(() -> secrets.xtsKey(name).close()), name);
        assertEquals(length == 32, works(() -> secrets.wrappingKey(name)), name);
        assertEquals(length >= 16, works(() -> secrets.preSharedKey(name)), name);
        assertEquals(length >= 1, works(() -> secrets.credential(name)), name);
      }
      assertFalse(works(() -> secrets.get("none")));
    }
  }

  @Test
  void credentialsAreUtf8() throws Exception {
    add("good", "schlüssel".getBytes(StandardCharsets.UTF_8), null);
    add("bad", new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xfd}, null);
    try (Secrets secrets = builder.resolve()) {
      assertTrue(works(() -> secrets.credential("good")));
      assertFalse(works(() -> secrets.credential("bad")));
    }
  }

  @Test
  void closingOverwritesEverything() throws Exception {
    Secret given = Secret.copyOf(filled(32, 1));
    builder.add("a", given, null);
    Secrets secrets = builder.resolve();
    assertThrows(IllegalStateException.class, given::toBytes, "the builder's copy is still there");
    Secret resolved = secrets.get("a");
    secrets.close();
    secrets.close();
    assertThrows(IllegalStateException.class, resolved::toBytes);
  }

  @FunctionalInterface
  private interface Use {
    void run() throws BlockDeviceException;
  }

  private static boolean works(Use use) {
    try {
      use.run();
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }
}
