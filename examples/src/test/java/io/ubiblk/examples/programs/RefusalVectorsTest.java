package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonValue;
import io.ubiblk.examples.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What ubiblk's programs refused, ours refuse, with the same exit status. */
final class RefusalVectorsTest {

  /** All of them, of which the folder here has those that are good files for the library. */
  private static final Path CONFIGURATIONS =
      Path.of("../ubiblk-config/src/test/resources/vectors/configs").toAbsolutePath();

  private static final Set<String> PROGRAMS =
      Set.of("vhost-backend", "init-metadata", "dump-metadata", "xts");

  @TempDir private Path temporary;

  @TestFactory
  Stream<DynamicTest> whatProgramsRefusedIsRefused() throws IOException {
    Path root = Vectors.ROOT.resolve("configs");
    return Vectors.json(root.resolve("refused.json")).asList().stream()
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> refuse(root, vector)));
  }

  @TestFactory
  Stream<DynamicTest> whatIsNoConfigurationIsRefusedByThePrograms() throws IOException {
    return Vectors.json(CONFIGURATIONS.resolve("refused.json")).asList().stream()
        .filter(vector -> PROGRAMS.contains(Vectors.text(vector, "program")))
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> refuse(CONFIGURATIONS, vector)));
  }

  @Test
  void everyCaseOfOurProgramsIsThere() throws IOException {
    assertEquals(11, Vectors.json(Vectors.ROOT.resolve("configs/refused.json")).asList().size());
    long here =
        Vectors.json(CONFIGURATIONS.resolve("refused.json")).asList().stream()
            .filter(vector -> PROGRAMS.contains(Vectors.text(vector, "program")))
            .count();
    assertTrue(here > 90, here + " cases");
  }

  private void refuse(Path root, JsonValue vector) throws IOException {
    Path folder = temporary.resolve(name(vector));
    Vectors.copy(root.resolve("refused").resolve(name(vector)), folder);
    if (!Files.exists(folder.resolve("disk.raw")) && !name(vector).equals("data-missing")) {
      Vectors.sparse(folder.resolve("disk.raw"), 131072);
    }
    Path metadata = folder.resolve("metadata");
    Files.copy(Vectors.ROOT.resolve("metadata-odd/ok-fetched-without-source.bin"), metadata);
    if (name(vector).equals("init-metadata-symlink")) {
      Files.createSymbolicLink(folder.resolve("link"), metadata);
    }
    byte[] before = Files.readAllBytes(metadata);

    Outcome outcome = Outcome.of(command(vector, folder));
    assertEquals(vector.member("exit").asLong(), outcome.status(), outcome::errors);
    assertEquals("", outcome.output());
    assertTrue(
        outcome.errors().startsWith(Vectors.text(vector, "program") + ": "), outcome.errors());
    assertFalse(outcome.errors().contains("internal error"), outcome.errors());
    assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(metadata)));
    assertFalse(Files.exists(folder.resolve("vhost.sock"), LinkOption.NOFOLLOW_LINKS));
  }

  private static String[] command(JsonValue vector, Path folder) throws IOException {
    List<String> command = new ArrayList<>(List.of(Vectors.text(vector, "program")));
    for (String argument : Vectors.strings(vector.member("args"))) {
      command.add(argument.endsWith("config.toml") ? folder.resolve(argument) + "" : argument);
    }
    return command.toArray(new String[0]);
  }

  private static String name(JsonValue vector) {
    return Vectors.text(vector, "name");
  }
}
