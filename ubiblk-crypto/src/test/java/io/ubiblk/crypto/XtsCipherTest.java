package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XtsCipherTest {

  private static byte[] encrypt(XtsCipher cipher, long sector, byte[] plain) {
    byte[] result = new byte[plain.length];
    cipher.encrypt(sector, MemorySegment.ofArray(plain), MemorySegment.ofArray(result));
    return result;
  }

  private static byte[] decrypt(XtsCipher cipher, long sector, byte[] sealed) {
    byte[] result = sealed.clone();
    cipher.decrypt(sector, MemorySegment.ofArray(result), MemorySegment.ofArray(result));
    return result;
  }

  @Test
  void encryptsAndDecryptsAsUbiblkDoes() throws Exception {
    byte[] plain = Vectors.pattern("xts-plain", 40);
    assertEquals(
        "338bae9118969f481dbf47f1dca6929ada5cdd4332d67dd7f2decd9d73060e35",
        Vectors.sha256Hex(plain));
    byte[] sealed = Vectors.resource("cipher.bin");
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      assertArrayEquals(sealed, encrypt(cipher, 0, plain));
      assertArrayEquals(plain, decrypt(cipher, 0, sealed));
    }
  }

  @Test
  void everyPartOfALongRunIsTheSameAsByItself() throws Exception {
    byte[] plain = Vectors.pattern("xts-plain", 40);
    byte[] sealed = Vectors.resource("cipher.bin");
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      for (int from = 0; from < 40; from++) {
        for (int to : new int[] {from, from + 1, Math.min(40, from + 17), 40}) {
          assertArrayEquals(
              Arrays.copyOfRange(sealed, from * 512, to * 512),
              encrypt(cipher, from, Arrays.copyOfRange(plain, from * 512, to * 512)));
        }
      }
    }
  }

  @Test
  void equalHalvesOfTheKeyAreAccepted() throws Exception {
    byte[] plain = Arrays.copyOf(Vectors.pattern("xts-plain", 40), 4096);
    byte[] sealed = Vectors.resource("encode-equal-halves.bin");
    try (XtsCipher cipher = Vectors.cipher(Vectors.EQUAL_HALVES, TweakLayout.UBIBLK)) {
      assertArrayEquals(sealed, encrypt(cipher, 0, plain));
      assertArrayEquals(plain, decrypt(cipher, 0, sealed));
    }
  }

  /** Sector, first 32 bytes, last 16 bytes and hash of ciphertexts of ubiblk. */
  @ParameterizedTest
  @CsvSource({
    "0, 26d9489bc33c42058b19157456f543cd5849577c85a0524fe488d3b202903a33,"
        + "cd7408bbcfe5dedeee6339120f54eafc,"
        + "0f1e9409adc7673b1130ddd27298918875255456429bbe8f1b504c9ffebeaff0",
    "1, 3c06a23053c648a726af8c5e3ae79b5c7f947fc8f0ac4365b8623a3384dee455,"
        + "e792f9ab5da2013c180e7942397b3114,"
        + "91c62dbb453ea96dc229b90716b708d12732731ecf5f5937286f9f4b91e31d6a",
    "7ff, 54d3345b3ad27ea59e219d4eb3615b57a242fdc61f0ef69659e0046a34f285a8,"
        + "2a4467b62e6edda027b4927a0273a25d,"
        + "2b86d48f6c1ce721235db88d6b2b0b93ce94420cff160bd38a3359249c48d3a6",
    "800, d4dc49e58694a0deaf38b449da33bb98ab7887e211585b4f2b51e4a56f0e7cbd,"
        + "469ad53cdd0e408baa2284949bacf637,"
        + "d53f68fb3c1ae06e4122ecaec8beccdec368120d98b8a44edb1e4bfda4fd2637",
    "1122334455667788, 2b25f02b3d165692fe6288408372d9a6436a42f2bd51bb8ac92a126d1dcffae5,"
        + "f469465c62e7329af12bb4e58cc45ee7,"
        + "8dfe7c8735c7d3344487284949abf29c3b2b4df61192795c61e9bdc49aab2319",
    "1000000000000000, 5adcc0c188ed746475a32ee2feedc17d14c0a0e0298e0d20ff2ab5cb35640ee1,"
        + "b104b7c24eadf9deab96da9733a3aacd,"
        + "ce8dcce988ecacb484a8b31384c7421ac629ebf9c6cb70e67ab1e4ce169ffe0e"
  })
  void numbersOfSectorsOfAnySizeGiveWhatUbiblkGives(
      String sector, String first, String last, String hash) {
    byte[] plain = Arrays.copyOf("Hello, world!".getBytes(StandardCharsets.US_ASCII), 512);
    long number = Long.parseUnsignedLong(sector, 16);
    try (XtsCipher cipher = Vectors.cipher(Vectors.SPEC_KEY, TweakLayout.UBIBLK)) {
      byte[] sealed = encrypt(cipher, number, plain);
      assertEquals(first, HexFormat.of().formatHex(sealed, 0, 32));
      assertEquals(last, HexFormat.of().formatHex(sealed, 496, 512));
      assertEquals(hash, Vectors.sha256Hex(sealed));
      assertArrayEquals(plain, decrypt(cipher, number, sealed));
    }
  }

  @Test
  void zerosGiveWhatUbiblkGives() {
    try (XtsCipher cipher = Vectors.cipher(Vectors.SPEC_KEY, TweakLayout.UBIBLK);
        Arena arena = Arena.ofConfined()) {
      MemorySegment sealed = arena.allocate(2048).fill((byte) 7);
      cipher.encryptZeros(0, sealed, 512, 1024);
      byte[] bytes = sealed.asSlice(512, 1024).toArray(ValueLayout.JAVA_BYTE);
      assertEquals(
          "a70c05a80bf8a0eaa33f9b4923c4d5214df8d408df5de8c5ca2634a35f1db951",
          Vectors.sha256Hex(bytes));
      assertEquals(7, sealed.get(ValueLayout.JAVA_BYTE, 511));
      assertEquals(7, sealed.get(ValueLayout.JAVA_BYTE, 1536));
    }
  }

  @Test
  void stripeOfAnArchiveGivesWhatUbiblkGives() {
    byte[] plain = new byte[8192];
    Arrays.fill(plain, (byte) 0x5a);
    try (XtsCipher cipher = Vectors.cipher(Vectors.SPEC_KEY, TweakLayout.UBIBLK)) {
      assertEquals(
          "8a46f90706e5e943d57313a92eca7e95a049387d19960f3e22411937d203ad4b",
          Vectors.sha256Hex(encrypt(cipher, 48, plain)));
    }
  }

  @Test
  void plain64IsWhatTheStandardSays() throws Exception {
    String key =
        "2718281828459045235360287471352662497757247093699959574966967627"
            + "3141592653589793238462643383279502884197169399375105820974944592";
    byte[] plain = new byte[512];
    for (int i = 0; i < 512; i++) {
      plain[i] = (byte) i;
    }
    String text = new String(Vectors.resource("ieee1619.txt"), StandardCharsets.US_ASCII);
    assertEquals(5, text.lines().count());
    try (XtsCipher cipher = Vectors.cipher(key, TweakLayout.PLAIN64)) {
      for (String line : text.lines().toList()) {
        String[] parts = line.split(" ", -1);
        long sector = Long.parseLong(parts[1], 16);
        assertArrayEquals(Vectors.hex(parts[2]), encrypt(cipher, sector, plain), line);
        assertArrayEquals(plain, decrypt(cipher, sector, Vectors.hex(parts[2])), line);
      }
    }
  }

  @Test
  void agreesWithBouncyCastleOnAnything() {
    Seeds.check(
        60,
        random -> {
          String key = HexFormat.of().formatHex(bytes(random, 64));
          TweakLayout layout = random.chance(0.5) ? TweakLayout.UBIBLK : TweakLayout.PLAIN64;
          long sector = random.nextLong() >>> random.below(64);
          int[] sizes = {1, 2, 3, 15, 16, 17, 127, 128, 129, 145, random.between(1, 300)};
          byte[] plain = bytes(random, 512 * sizes[random.below(sizes.length)]);
          byte[] expected = ReferenceXts.run(true, Vectors.hex(key), layout, sector, plain);
          try (XtsCipher cipher = Vectors.cipher(key, layout)) {
            assertArrayEquals(expected, encrypt(cipher, sector, plain));
            assertArrayEquals(plain, decrypt(cipher, sector, expected));
            assertArrayEquals(
                ReferenceXts.run(false, Vectors.hex(key), layout, sector, plain),
                decrypt(cipher, sector, plain));
          }
        });
  }

  @Test
  void layoutsDifferButForSectorZero() {
    byte[] plain = new byte[512];
    try (XtsCipher one = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK);
        XtsCipher other = Vectors.cipher(Vectors.KEY, TweakLayout.PLAIN64)) {
      assertArrayEquals(encrypt(one, 0, plain), encrypt(other, 0, plain));
      assertNotEquals(
          Arrays.toString(encrypt(one, 1, plain)), Arrays.toString(encrypt(other, 1, plain)));
    }
  }

  @Test
  void memoryOfAnyKindWillDo() {
    byte[] plain = Vectors.pattern("kinds", 20);
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(plain.length + 1).asSlice(1);
      memory.copyFrom(MemorySegment.ofArray(plain));
      cipher.encrypt(5, memory, memory);
      assertArrayEquals(encrypt(cipher, 5, plain), memory.toArray(ValueLayout.JAVA_BYTE));
      byte[] back = new byte[plain.length];
      cipher.decrypt(5, memory, MemorySegment.ofArray(back));
      assertArrayEquals(plain, back);
    }
  }

  @Test
  void lengthsThatDoNotFitAreRefused() {
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      MemorySegment sector = MemorySegment.ofArray(new byte[512]);
      MemorySegment odd = MemorySegment.ofArray(new byte[513]);
      assertThrows(IllegalArgumentException.class, () -> cipher.encrypt(0, odd, odd));
      assertThrows(IllegalArgumentException.class, () -> cipher.decrypt(0, odd, sector));
    }
  }

  @Test
  void closedCipherIsOfNoUse() {
    XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK);
    cipher.close();
    cipher.close();
    assertThrows(IllegalStateException.class, () -> encrypt(cipher, 0, new byte[512]));
  }

  private static byte[] bytes(SeededRandom random, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) random.nextLong();
    }
    return bytes;
  }
}
