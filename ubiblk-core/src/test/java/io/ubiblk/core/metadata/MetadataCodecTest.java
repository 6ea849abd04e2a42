package io.ubiblk.core.metadata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sectors of metadata, and what becomes of them when they are damaged. */
class MetadataCodecTest {

  private static final int MUTATIONS = 10_000;

  private static StripeMetadata random(SeededRandom random, int stripes) {
    byte[] headers = new byte[stripes];
    for (int i = 0; i < stripes; i++) {
      headers[i] = (byte) random.below(256);
    }
    return StripeMetadata.of(random.below(MetadataLayout.LARGEST_SHIFT + 1), headers);
  }

  private static StripeMetadata decode(byte[] file) throws BlockDeviceException {
    return MetadataCodec.decode("m", ByteBuffer.wrap(file));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 507, 508, 509, 1015, 1016, 1017, 5000})
  void whatWasEncodedIsDecoded(int stripes) throws Exception {
    StripeMetadata metadata = random(new SeededRandom(stripes), stripes);
    byte[] file = MetadataCodec.encode(metadata);
    assertEquals(MetadataLayout.fileSize(stripes), file.length);
    StripeMetadata again = decode(file);
    assertEquals(metadata.shift(), again.shift());
    assertArrayEquals(metadata.headers(), again.headers());
    // Whatever is behind it is not looked at, and neither is where it lies in a buffer.
    byte[] longer = new byte[file.length + 1024];
    Arrays.fill(longer, (byte) 7);
    System.arraycopy(file, 0, longer, 512, file.length);
    StripeMetadata inside =
        MetadataCodec.decode("m", ByteBuffer.wrap(longer, 512, file.length + 512));
    assertArrayEquals(metadata.headers(), inside.headers());
  }

  @Test
  void damagedFilesAreRefusedOrMeanTheSame() {
    Seeds.check(
        20,
        random -> {
          StripeMetadata metadata = random(random, random.below(1200));
          byte[] file = MetadataCodec.encode(metadata);
          for (int i = 0; i < MUTATIONS / 20; i++) {
            byte[] damaged = mutate(file, random);
            try {
              StripeMetadata read = decode(damaged);
              assertEquals(metadata.shift(), read.shift());
              assertArrayEquals(metadata.headers(), read.headers());
            } catch (BlockDeviceException.BadFormat refused) {
              assertTrue(String.valueOf(refused.getMessage()).startsWith("metadata m: "));
            }
          }
        });
  }

  @Test
  void filesOfAnyContentUnderRightChecksumsNeverDoWorseThanBeRefused() {
    Seeds.check(
        20,
        random -> {
          for (int i = 0; i < MUTATIONS / 20; i++) {
            byte[] file = MetadataCodec.encode(random(random, random.below(600)));
            byte[] damaged = mutate(file, random);
            for (int at = 0; at + 512 <= damaged.length; at += 512) {
              MetadataCodec.seal(ByteBuffer.wrap(damaged, at, 512).slice());
            }
            try {
              StripeMetadata read = decode(damaged);
              assertTrue(MetadataLayout.fileSize(read.stripes()) <= damaged.length);
            } catch (BlockDeviceException.BadFormat refused) {
              assertTrue(String.valueOf(refused.getMessage()).startsWith("metadata m: "));
            }
          }
        });
  }

  private static byte[] mutate(byte[] file, SeededRandom random) {
    byte[] damaged = file.clone();
    int at = random.below(damaged.length);
    int sector = at / 512 * 512;
    switch (random.below(5)) {
      case 0 -> damaged[at] ^= (byte) (1 << random.below(8));
      case 1 -> damaged[at] = (byte) random.below(256);
      case 2 -> Arrays.fill(damaged, sector, sector + 512, (byte) random.below(256));
      case 3 -> damaged = Arrays.copyOf(damaged, random.below(damaged.length + 1024));
      // The header is where most of the meaning is.
      default -> damaged[random.below(18)] ^= (byte) (1 + random.below(255));
    }
    return damaged;
  }

  @Test
  void damagedSectorIsNamed() {
    byte[] file = MetadataCodec.encode(random(new SeededRandom(1), 1200));
    for (int sector = 0; sector < 4; sector++) {
      byte[] damaged = file.clone();
      damaged[sector * 512 + 100] ^= 1;
      String message =
          String.valueOf(
              assertThrows(BlockDeviceException.BadFormat.class, () -> decode(damaged))
                  .getMessage());
      assertTrue(message.contains("sector " + sector + " ("), message);
      assertTrue(message.contains("checksum 0x"), message);
    }
  }

  @Test
  void lengthThatIsNoSectorsIsRefused() {
    byte[] file = MetadataCodec.encode(random(new SeededRandom(1), 1));
    for (int length : new int[] {0, 1, 511, 513, 1000, 1023}) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThrows(BlockDeviceException.BadFormat.class, () -> decode(cut));
    }
  }

  @Test
  void stripesThatDoNotFitAreRefusedHoweverMany() {
    for (int stripes : new int[] {509, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      byte[] file = MetadataCodec.encode(random(new SeededRandom(1), 508));
      ByteBuffer header = ByteBuffer.wrap(file, 0, 512).slice().order(ByteOrder.LITTLE_ENDIAN);
      header.putInt(14, stripes);
      MetadataCodec.seal(header);
      assertThrows(BlockDeviceException.BadFormat.class, () -> decode(file));
    }
  }

  @Test
  void checksumIsThatOfTheBytesBeforeIt() {
    byte[] file = MetadataCodec.encode(random(new SeededRandom(1), 600));
    for (int at = 0; at < file.length; at += 512) {
      CRC32 crc = new CRC32();
      crc.update(file, at, 508);
      int stored = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(at + 508);
      assertEquals((int) crc.getValue(), stored);
    }
  }
}
