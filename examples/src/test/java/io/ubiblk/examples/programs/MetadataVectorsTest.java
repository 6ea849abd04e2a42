package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonValue;
import io.ubiblk.examples.DiskToml;
import io.ubiblk.examples.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Metadata files are written, and printed, as ubiblk's programs do it. */
final class MetadataVectorsTest {

  @TempDir private Path temporary;

  @TestFactory
  Stream<DynamicTest> whatInitMetadataWritesIsTheSameByteForByte() throws IOException {
    return devices()
        .map(folder -> DynamicTest.dynamicTest("" + folder.getFileName(), () -> write(folder)));
  }

  private void write(Path vector) throws IOException {
    Path folder = prepare(vector);
    JsonValue expected = Vectors.json(vector.resolve("expected.json"));
    Path metadata = folder.resolve("metadata");
    Files.delete(metadata);
    if (expected.member("made_by").asString().contains("8192 bytes 0xff")) {
      byte[] old = new byte[8192];
      Arrays.fill(old, (byte) 0xff);
      Files.write(metadata, old);
    }
    String shift = "" + expected.member("stripe_sector_count_shift").asLong();
    Outcome outcome = Outcome.of("init-metadata", "-f", folder + "/config.toml", "-s", shift);
    assertEquals(new Outcome(0, "", ""), outcome);
    if (expected.member("made_by").asString().contains("vhost-backend")) {
      // It has been served since; VhostBackendVectorsTest does that, too.
      assertEquals(Files.size(vector.resolve("metadata")), Files.size(metadata));
    } else {
      assertArrayEquals(
          Files.readAllBytes(vector.resolve("metadata")), Files.readAllBytes(metadata));
    }
  }

  @Test
  void theUsualStripeHas2048Sectors() throws IOException {
    Path vector = Vectors.ROOT.resolve("metadata/raw-default-shift11");
    Path folder = prepare(vector);
    Files.delete(folder.resolve("metadata"));
    Outcome outcome = Outcome.of("init-metadata", "--config=" + folder.resolve("config.toml"));
    assertEquals(new Outcome(0, "", ""), outcome);
    assertArrayEquals(
        Files.readAllBytes(vector.resolve("metadata")),
        Files.readAllBytes(folder.resolve("metadata")));
  }

  @TestFactory
  Stream<DynamicTest> whatDumpMetadataPrintsIsTheSameLineByLine() throws IOException {
    return devices()
        .map(folder -> DynamicTest.dynamicTest("" + folder.getFileName(), () -> print(folder)));
  }

  private void print(Path vector) throws IOException {
    Path folder = prepare(vector);
    String expected = Files.readString(vector.resolve("dump.txt"));
    Outcome outcome = Outcome.of("dump-metadata", "--config", folder + "/config.toml");
    assertEquals(new Outcome(0, placed(expected, folder), ""), outcome);
  }

  @TestFactory
  Stream<DynamicTest> oddFilesArePrintedOrRefusedAsTheyWere() throws IOException {
    List<JsonValue> cases = Vectors.json(Vectors.ROOT.resolve("metadata-odd/cases.json")).asList();
    assertEquals(29, cases.size());
    return cases.stream()
        .map(odd -> DynamicTest.dynamicTest(Vectors.text(odd, "name"), () -> odd(odd)));
  }

  private void odd(JsonValue odd) throws IOException {
    Path folder = Files.createTempDirectory(temporary, "odd");
    Path original = Vectors.ROOT.resolve("metadata-odd").resolve(odd.member("file").asString());
    Files.copy(original, folder.resolve("metadata"));
    Vectors.sparse(folder.resolve("disk.raw"), odd.member("disk_bytes").asLong());
    JsonValue key = odd.member("xts_key");
    Path configuration = folder.resolve("config.toml");
    Files.writeString(configuration, configuration(Vectors.isNull(key) ? "" : key.asString()));

    Outcome outcome = Outcome.of("dump-metadata", "-f", configuration.toString());
    assertEquals(odd.member("exit").asLong(), outcome.status(), outcome::errors);
    if (outcome.status() == 0) {
      assertEquals(placed(odd.member("dump_stdout").asString(), folder), outcome.output());
    } else {
      assertEquals("", outcome.output());
      assertTrue(outcome.errors().startsWith("dump-metadata: "), outcome.errors());
      assertTrue(outcome.errors().contains("metadata"), outcome.errors());
      assertEquals(1, outcome.errors().lines().count(), outcome.errors());
    }
  }

  private static String configuration(String key) {
    String device = "[device]\ndata_path = \"disk.raw\"\nmetadata_path = \"metadata\"\n";
    return device + DiskToml.encryption(key);
  }

  private static Stream<Path> devices() throws IOException {
    List<Path> folders = Vectors.folders("metadata");
    assertEquals(13, folders.size());
    return folders.stream();
  }

  /** Copies a device, with what had no place among the vectors: its disk and its image. */
  private Path prepare(Path vector) throws IOException {
    Path folder = Files.createTempDirectory(temporary, "device");
    Vectors.copy(vector, folder);
    JsonValue expected = Vectors.json(vector.resolve("expected.json"));
    Vectors.sparse(folder.resolve("disk.raw"), expected.member("disk_bytes").asLong());
    JsonValue image = expected.asMap().get("image_bytes");
    if (image != null && !Vectors.isNull(image)) {
      Vectors.sparse(folder.resolve("image.raw"), image.asLong());
    }
    return folder;
  }

  /** The original ran in the folder, with names of files; here they are paths. */
  private static String placed(String text, Path folder) {
    return text.replace("data file: ", "data file: " + folder + "/")
        .replace("raw (path: ", "raw (path: " + folder + "/");
  }
}
