package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonValue;
import io.ubiblk.examples.DiskToml;
import io.ubiblk.examples.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The program xts does what ubiblk's does, byte for byte. */
final class XtsVectorsTest {

  private static final Path ROOT = Vectors.ROOT.resolve("xts");
  private static final Path CONFIGURATION = ROOT.resolve("config.toml");
  private static final int SECTORS = 40;
  private static final int SECTOR = 512;

  @TempDir private Path folder;
  private byte[] plain;

  @BeforeEach
  void writePlaintext() throws IOException {
    plain = Vectors.pattern("xts-plain", 0, SECTORS);
    Files.write(folder.resolve("plain.bin"), plain);
    Files.copy(ROOT.resolve("cipher.bin"), folder.resolve("cipher.bin"));
    Files.write(folder.resolve("empty input"), new byte[0]);
    Files.write(folder.resolve("1000 bytes"), new byte[1000]);
  }

  @TestFactory
  Stream<DynamicTest> everyCaseIsAsItWas() throws IOException {
    List<JsonValue> cases = Vectors.json(ROOT.resolve("expected.json")).member("cases").asList();
    assertEquals(17, cases.size());
    return cases.stream()
        .map(entry -> DynamicTest.dynamicTest(entry.toString(), () -> replay(entry)));
  }

  private void replay(JsonValue entry) throws IOException {
    // What was there before must be gone.
    Path output = folder.resolve("output");
    Files.write(output, new byte[100_000]);
    List<String> args = new ArrayList<>(Vectors.strings(entry.member("args")));
    args.add(folder.resolve(entry.member("input").asString()).toString());
    args.add(output.toString());
    Outcome outcome = xts(CONFIGURATION, args.toArray(new String[0]));

    assertEquals(entry.member("exit").asLong(), outcome.status(), outcome::errors);
    assertEquals("", outcome.output());
    if (outcome.status() == 0) {
      assertEquals("", outcome.errors());
      byte[] content = Files.readAllBytes(output);
      assertArrayEquals(
          Files.readAllBytes(ROOT.resolve(entry.member("output").asString())), content);
      assertEquals(entry.member("output_sha256").asString(), Vectors.hash(content));
    } else {
      assertTrue(outcome.errors().contains("expected"), outcome.errors());
      assertEquals(100_000, Files.size(output), "the output was touched");
    }
  }

  @Test
  void aKeyWithEqualHalvesIsAKey() throws IOException {
    Path output = folder.resolve("output");
    Outcome outcome =
        xts(
            ROOT.resolve("equal-halves.toml"),
            "--action=encode",
            folder + "/plain.bin",
            output.toString());
    assertEquals(new Outcome(0, "", ""), outcome);
    byte[] content = Files.readAllBytes(output);
    byte[] known = Files.readAllBytes(ROOT.resolve("encode-equal-halves.bin"));
    assertArrayEquals(known, Arrays.copyOf(content, known.length));
    assertEquals(
        Vectors.json(ROOT.resolve("expected.json"))
            .member("equal_halves_whole_output_sha256")
            .asString(),
        Vectors.hash(content));
  }

  @Test
  void manySectorsAreTheSameAsOneAfterTheOther() throws IOException {
    int count = 2500;
    Path input = folder.resolve("input");
    Files.write(input, Vectors.pattern("long", 0, count));
    Path whole = folder.resolve("whole");
    assertEquals(
        0, xts(CONFIGURATION, "--action=encode", input.toString(), whole.toString()).status());
    byte[] content = Files.readAllBytes(whole);
    for (int sector : new int[] {0, 1023, 1024, 2047, 2048, count - 1}) {
      Path one = folder.resolve("one");
      String[] args = {
        "--start", "" + sector, "--len", "1", "--action=encode", input.toString(), one.toString()
      };
      assertEquals(0, xts(CONFIGURATION, args).status());
      assertArrayEquals(
          Arrays.copyOfRange(content, sector * SECTOR, (sector + 1) * SECTOR),
          Arrays.copyOfRange(Files.readAllBytes(one), sector * SECTOR, (sector + 1) * SECTOR));
    }
  }

  @Test
  void theInputIsNotOverwritten() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("plain.bin"));
    Outcome outcome = xts(CONFIGURATION, folder + "/plain.bin", link.toString());
    assertEquals(1, outcome.status());
    assertTrue(outcome.errors().contains("is the input, too"), outcome.errors());
    assertArrayEquals(plain, Files.readAllBytes(folder.resolve("plain.bin")));
  }

  @Test
  void aDiskWithoutKeyIsRefused() throws IOException {
    Path open = folder.resolve("open.toml");
    Files.writeString(open, "[device]\ndata_path = \"disk.raw\"\n" + DiskToml.encryption(""));
    Path output = folder.resolve("output");
    Outcome outcome = xts(open, folder + "/plain.bin", output.toString());
    assertEquals(1, outcome.status());
    assertTrue(outcome.errors().contains("encryption is missing"), outcome.errors());
    assertFalse(Files.exists(output));
  }

  @Test
  void misuseIsToldAndEndsWithTwo() {
    String in = folder + "/plain.bin";
    String out = folder + "/output";
    misuse("--action", "--action=encrypt", in, out);
    misuse("--start", "--start=-1", in, out);
    misuse("--start", "--start=0x1", in, out);
    misuse("--len", "--len=many", in, out);
    misuse("--len", "--len=99999999999999999999", in, out);
    misuse("OUTPUT", in);
    misuse("third", in, out, "third");
    assertFalse(Files.exists(Path.of(out)));
  }

  private static void misuse(String named, String... args) {
    Outcome outcome = xts(CONFIGURATION, args);
    assertEquals(2, outcome.status(), outcome::errors);
    assertTrue(outcome.errors().contains(named), outcome.errors());
    assertTrue(outcome.errors().contains("Usage: xts"), outcome.errors());
    assertEquals("", outcome.output());
  }

  private static Outcome xts(Path configuration, String... args) {
    List<String> all = new ArrayList<>(List.of("xts", "-f", configuration.toString()));
    all.addAll(List.of(args));
    return Outcome.of(all.toArray(new String[0]));
  }
}
