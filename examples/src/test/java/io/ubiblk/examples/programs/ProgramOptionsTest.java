package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.examples.Outcome;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options and exit statuses that the programs share. */
final class ProgramOptionsTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "vhost-backend, vhost-user-blk backend",
    "init-metadata, vhost-user-blk metadata init",
    "dump-metadata, dump-metadata",
    "xts, xts",
    "ubitop, ubitop"
  })
  void theVersionIsThatOfUbiblkAndOurs(String program, String title) {
    for (String option : List.of("--version", "-V")) {
      Outcome outcome = Outcome.of(program, option);
      List<String> lines = outcome.output().lines().toList();
      assertEquals(0, outcome.status(), outcome::errors);
      assertEquals("", outcome.errors());
      assertEquals(title + " 0.5.1", lines.getFirst());
      assertTrue(lines.get(1).startsWith("ubiblk for Java "), outcome.output());
      assertEquals(2, lines.size(), outcome.output());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vhost", "hundreds", "quickstart"})
  void ourOwnRunnersHaveOurVersionOnly(String runner) {
    for (String option : List.of("--version", "-V")) {
      assertEquals(Outcome.of("--version"), Outcome.of(runner, option));
    }
    assertTrue(Outcome.of("-V").output().startsWith("ubiblk for Java "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vhost-backend",
        "init-metadata",
        "dump-metadata",
        "xts",
        "ubitop",
        "vhost",
        "hundreds",
        "quickstart"
      })
  void theHelpNamesEveryOption(String program) {
    for (String option : List.of("--help", "-h")) {
      Outcome outcome = Outcome.of(program, option);
      assertEquals(0, outcome.status(), outcome::errors);
      assertEquals("", outcome.errors());
      assertTrue(outcome.output().startsWith("Usage: "), outcome.output());
      assertTrue(outcome.output().contains(program), outcome.output());
      // An option of the synopsis is explained below it.
      String[] parts = outcome.output().split("\n\n", 2);
      for (String word : parts[0].split("[\\s\\[\\]]+", -1)) {
        if (word.startsWith("--")) {
          assertTrue(parts[1].contains(word), word + " is not explained: " + outcome.output());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vhost-backend", "init-metadata", "dump-metadata", "xts"})
  void theConfigurationIsRequiredAndReadByItsShortName(String program) {
    String[] files = program.equals("xts") ? new String[] {"in", "out"} : new String[0];
    assertMisuse("--config", program, files);
    String missing = folder.resolve("none.toml").toString();
    for (List<String> given :
        List.of(
            List.of("-f", missing), List.of("--config", missing), List.of("--config=" + missing))) {
      Outcome outcome = Outcome.of(command(program, given, files));
      assertEquals(1, outcome.status(), outcome::errors);
      assertTrue(outcome.errors().startsWith(program + ": " + missing), outcome.errors());
      assertEquals(1, outcome.errors().lines().count(), outcome.errors());
      assertEquals("", outcome.output());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vhost-backend", "init-metadata", "dump-metadata", "xts", "ubitop"})
  void whatIsNoOptionIsMisuse(String program) {
    assertMisuse("--confg", program, "--confg", "x");
    assertMisuse("-x", program, "-x");
    if (program.equals("ubitop")) {
      assertMisuse("--interval", program, "--interval=0", "sock");
      assertMisuse("--interval", program, "--interval=-1", "sock");
      assertMisuse("--interval", program, "--interval=soon", "sock");
      assertMisuse("--socket", program);
    } else {
      assertMisuse("--config", program, "-f");
      assertMisuse("--config", program, "-f", "a", "-f", "b");
    }
    assertMisuse("--log-level", program, "--log-level=loud", "-f", "x");
    assertMisuse("--log-level", program, "--log-level");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vhost-backend", "init-metadata", "dump-metadata"})
  void operandsAreMisuse(String program) {
    assertMisuse("argument more", program, "-f", "x", "more");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "", "1.5", "-1", "4294967296"})
  void aShiftThatIsNoNumberIsMisuse(String shift) {
    assertMisuse("--stripe-sector-count-shift", "init-metadata", "-f", "x", "-s", shift);
  }

  @Test
  void aBackendThatIsAwayIsAFailureWhenLookedAtOnce() {
    Outcome outcome = Outcome.of("ubitop", "--once", "--interval=0.01", folder + "/none.sock");
    assertEquals(1, outcome.status());
    assertTrue(outcome.output().contains("away: "), outcome.output());
    assertEquals("ubitop: no backend has answered\n", outcome.errors());
  }

  private static void assertMisuse(String named, String program, String... args) {
    Outcome outcome = Outcome.of(command(program, List.of(), args));
    assertEquals(2, outcome.status(), outcome::errors);
    assertTrue(outcome.errors().startsWith(program + ": "), outcome.errors());
    assertTrue(outcome.errors().lines().toList().getFirst().contains(named), outcome.errors());
    assertTrue(outcome.errors().contains("\nUsage: " + program), outcome.errors());
    assertEquals("", outcome.output());
  }

  private static String[] command(String program, List<String> options, String... args) {
    String[] command = new String[1 + options.size() + args.length];
    command[0] = program;
    for (int i = 0; i < options.size(); i++) {
      command[1 + i] = options.get(i);
    }
    System.arraycopy(args, 0, command, 1 + options.size(), args.length);
    return command;
  }
}
