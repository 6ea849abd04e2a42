package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonValue;
import io.ubiblk.examples.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What ubiblk's programs accepted, ours accept, and the key that they find is the same. Those that
 * need a variable of the environment are tried by the library's own tests.
 */
final class AcceptedConfigurationsTest {

  private static final Path ROOT =
      Path.of("../ubiblk-config/src/test/resources/vectors/configs").toAbsolutePath();

  @TempDir private Path temporary;

  @TestFactory
  Stream<DynamicTest> whatWasAcceptedIsAcceptedAndItsKeyTheSame() throws IOException {
    return Vectors.json(ROOT.resolve("accepted.json")).asList().stream()
        .filter(vector -> !vector.toString().contains("\"environment\""))
        // Which ubiblk accepts and cannot use.
        .filter(vector -> !vector.toString().contains("\"queue-size-65536\""))
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> accept(vector)));
  }

  private void accept(JsonValue vector) throws IOException {
    Path folder = temporary.resolve(name(vector));
    Vectors.copy(ROOT.resolve("accepted").resolve(name(vector)), folder);
    Vectors.sparse(folder.resolve("disk.raw"), 131072);
    String configuration = folder.resolve("config.toml").toString();
    Path metadata = folder.resolve("metadata");
    if (Files.readString(folder.resolve("config.toml")).contains("image.raw")) {
      Vectors.sparse(folder.resolve("image.raw"), 131072);
    }
    Path plain = Vectors.ROOT.resolve("metadata-odd/ok-fetched-without-source.bin");
    JsonValue probe = vector.asMap().get("probe_sha256");
    if (probe == null) {
      Files.copy(plain, metadata);
    } else {
      encode(configuration, plain, metadata);
      Path content = folder.resolve("probe");
      Files.write(content, Vectors.pattern("probe", 0, 2));
      Path encoded = folder.resolve("encoded");
      encode(configuration, content, encoded);
      assertEquals(probe.asString(), Vectors.hash(Files.readAllBytes(encoded)));
    }
    Outcome outcome = Outcome.of("dump-metadata", "-f", configuration);
    assertEquals(0, outcome.status(), outcome::errors);
    assertEquals("", outcome.errors());
    assertTrue(outcome.output().endsWith("has-source stripes: 2, 3\n"), outcome.output());
  }

  private static void encode(String configuration, Path input, Path output) {
    Outcome outcome =
        Outcome.of(
            "xts", "-f", configuration, "--action=encode", input.toString(), output.toString());
    assertEquals(new Outcome(0, "", ""), outcome);
  }

  private static String name(JsonValue vector) {
    return Vectors.text(vector, "name");
  }
}
