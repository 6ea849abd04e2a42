package io.ubiblk.core.metadata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.testkit.PatternSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that other programs wrote are read as they are meant; see PROVENANCE.md beside them. */
class MetadataVectorsTest {

  static Stream<String> written() throws IOException {
    return lines("written.tsv");
  }

  static Stream<String> odd() throws IOException {
    return lines("odd.tsv");
  }

  @ParameterizedTest
  @MethodSource("written")
  void fileThatWasWrittenIsReadAndWrittenAgain(String line) throws Exception {
    String[] columns = line.split("\t", -1);
    byte[] file = resource(columns[0] + ".bin");
    byte[] headers = HexFormat.of().parseHex(columns[5].equals("-") ? "" : columns[5]);
    StripeMetadata metadata = MetadataCodec.decode(columns[0], ByteBuffer.wrap(file));
    assertEquals(Integer.parseInt(columns[1]), metadata.shift());
    assertArrayEquals(headers, metadata.headers());
    byte[] again = MetadataCodec.encode(metadata);
    assertArrayEquals(file, Arrays.copyOf(again, file.length));
  }

  @ParameterizedTest
  @MethodSource("written")
  void newMetadataIsTheSameByteForByte(String line) throws Exception {
    String[] columns = line.split("\t", -1);
    if (columns[4].equals("yes")) {
      long image = Long.parseLong(columns[3]);
      StripeMetadata initial =
          StripeMetadata.initial(
              Long.parseLong(columns[2]),
              Integer.parseInt(columns[1]),
              image == 0 ? null : new PatternSource(1, image));
      byte[] file = resource(columns[0] + ".bin");
      assertArrayEquals(file, Arrays.copyOf(MetadataCodec.encode(initial), file.length));
    }
  }

  @ParameterizedTest
  @MethodSource("odd")
  void oddFileIsReadOrRefused(String line) throws Exception {
    String[] columns = line.split("\t", -1);
    ByteBuffer file = ByteBuffer.wrap(resource(columns[0] + ".bin"));
    if (columns[1].equals("refused")) {
      BlockDeviceException.BadFormat refusal =
          assertThrows(
              BlockDeviceException.BadFormat.class, () -> MetadataCodec.decode("odd", file));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.startsWith("metadata odd: "), message);
      return;
    }
    StripeMetadata metadata = MetadataCodec.decode("odd", file);
    assertEquals(Integer.parseInt(columns[2]), metadata.stripeSize());
    assertEquals(stripes(columns[3]), with(metadata, StripeHeader.FETCHED));
    assertEquals(stripes(columns[4]), with(metadata, StripeHeader.WRITTEN));
    assertEquals(stripes(columns[5]), with(metadata, StripeHeader.HAS_SOURCE));
  }

  private static BitSet with(StripeMetadata metadata, int bit) {
    BitSet set = new BitSet();
    for (int stripe = 0; stripe < metadata.stripes(); stripe++) {
      set.set(stripe, (metadata.header(stripe) & bit) != 0);
    }
    return set;
  }

  private static BitSet stripes(String list) {
    BitSet set = new BitSet();
    if (!list.equals("-")) {
      for (String range : list.split(",", -1)) {
        String[] ends = range.split("-", -1);
        set.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
      }
    }
    return set;
  }

  private static Stream<String> lines(String name) throws IOException {
    String text = new String(resource(name), StandardCharsets.UTF_8);
    return text.lines().filter(line -> !line.startsWith("#")).toList().stream();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = MetadataVectorsTest.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }
}
