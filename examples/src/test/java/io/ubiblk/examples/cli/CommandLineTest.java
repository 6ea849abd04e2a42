package io.ubiblk.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CommandLineTest {

  private final CommandLine line = new CommandLine("serve", "Serves a file.");
  private final Option<Path> file =
      line.required("--file", "FILE", ValueType.PATH, "what to serve");
  private final Option<Long> size = line.optional("--size", "BYTES", ValueType.SIZE, "how large");
  private final Option<Integer> queues =
      line.defaulted("--queues", "N", ValueType.number(1, 8), "2", "how many queues");
  private final Option<Boolean> direct = line.flag("--direct", "bypass the page cache");
  private final Option<Colour> colour =
      line.optional(
          "--colour", "C", ValueType.choice(List.of(Colour.RED, Colour.DARK_BLUE)), "which colour");

  private enum Colour {
    RED,
    GREEN,
    DARK_BLUE
  }

  @Test
  void valuesFollowTheirOptionOrAnEqualsSign() throws UsageException {
    Arguments arguments = line.parse("--file", "a b", "--size=4K", "--direct");
    assertEquals(Path.of("a b"), arguments.get(file));
    assertEquals(Optional.of(4096L), arguments.find(size));
    assertTrue(arguments.isSet(direct));
  }

  @Test
  void valuesMayLookLikeOptionsAndContainEqualsSigns() throws UsageException {
    assertEquals(Path.of("--direct"), line.parse("--file", "--direct").get(file));
    assertEquals(Path.of("a=b"), line.parse("--file=a=b").get(file));
  }

  @Test
  void optionsThatAreLeftOutHaveTheirDefaultOrNothing() throws UsageException {
    Arguments arguments = line.parse("--file", "f");
    assertEquals(2, arguments.get(queues));
    assertFalse(arguments.isSet(queues));
    assertEquals(Optional.empty(), arguments.find(size));
    assertFalse(arguments.get(direct));
    assertThrows(IllegalStateException.class, () -> arguments.get(size));
  }

  @Test
  void sizesTakeUnits() throws UsageException {
    assertEquals(512, sizeOf("512"));
    assertEquals(1L << 10, sizeOf("1K"));
    assertEquals(3L << 20, sizeOf("3m"));
    assertEquals(5L << 30, sizeOf("5G"));
    assertEquals(7L << 40, sizeOf("7T"));
    assertEquals(8388607L << 40, sizeOf("8388607T"));
  }

  @Test
  void sizesThatAreNoneAreRefusedByName() {
    for (String text :
        List.of("", "0", "-1", "1.5G", "K", "1KB", "1P", "8388608T", "99999999999999999999", "x")) {
      assertEquals(
          "option --size has the value '"
              + text
              + "', expected a number of bytes above 0, such as 4096, 64K, 512M, 10G or 1T",
          refusal("--file", "f", "--size", text));
    }
  }

  @Test
  void numbersOutOfRangeAreRefusedByName() {
    for (String text : List.of("0", "9", "-3", "one", "")) {
      assertEquals(
          "option --queues has the value '" + text + "', expected a number from 1 to 8",
          refusal("--file", "f", "--queues=" + text));
    }
  }

  @Test
  void choicesAreOnlyThoseThatWereOffered() throws UsageException {
    Arguments arguments = line.parse("--file=f", "--colour", "dark-blue");
    assertEquals(Optional.of(Colour.DARK_BLUE), arguments.find(colour));
    assertEquals(
        "option --colour has the value 'green', expected red or dark-blue",
        refusal("--file=f", "--colour", "green"));
  }

  @Test
  void pathsThatCannotBeAreRefused() {
    assertEquals("option --file has the value '', expected a path", refusal("--file", ""));
    assertEquals("option --file has the value 'a\0b', expected a path", refusal("--file", "a\0b"));
  }

  @Test
  void unknownOptionsAreRefusedWithTheKnownOnes() {
    String known = ", expected one of --help, --file, --size, --queues, --direct, --colour";
    assertEquals("unknown option --fil" + known, refusal("--fil", "x"));
    assertEquals("unknown option -f" + known, refusal("-f"));
    assertEquals("unexpected argument disk.raw" + known, refusal("disk.raw"));
  }

  @Test
  void missingOptionsAndValuesAreNamed() {
    assertEquals(
        "option --file is missing, expected --file FILE: what to serve", refusal("--direct"));
    assertEquals("option --file has no value, expected a path", refusal("--file"));
  }

  @Test
  void flagsTakeNoValue() {
    assertEquals(
        "option --direct has the value 'yes', expected none", refusal("--file=f", "--direct=yes"));
  }

  @Test
  void optionsGivenTwiceAreRefused() {
    assertEquals(
        "option --file is given twice, expected it once", refusal("--file=f", "--file", "g"));
    assertEquals(
        "option --direct is given twice, expected it once",
        refusal("--file=f", "--direct", "--direct"));
  }

  @Test
  void optionsThatNeedAnotherSaySo() throws UsageException {
    Arguments alone = line.parse("--file=f", "--direct");
    UsageException e = assertThrows(UsageException.class, () -> alone.requireWith(direct, size));
    assertEquals(
        "option --direct is given without --size, expected --size BYTES beside it", e.getMessage());
    line.parse("--file=f", "--direct", "--size=1").requireWith(direct, size);
    line.parse("--file=f").requireWith(direct, size);
  }

  @Test
  void helpNeedsNothingElseAndNamesEverything() throws UsageException {
    assertTrue(line.parse("--help").isHelpWanted());
    assertFalse(line.parse("--file=f").isHelpWanted());
    String help = line.help();
    for (Option<?> option : line.options()) {
      assertTrue(help.contains(option.name()), option.name());
      assertTrue(help.contains(option.help()), option.help());
    }
    assertTrue(help.startsWith("Usage: serve [--help] --file FILE [--size BYTES]"), help);
    assertTrue(help.contains("how many queues (default 2)"), help);
  }

  @Test
  void helpIsNoWiderThanATerminal() {
    CommandLine wide = new CommandLine("wide", "Has long texts.");
    wide.flag("--long", "word ".repeat(100).strip());
    for (int i = 0; i < 26; i++) {
      wide.flag("--option-" + (char) ('a' + i), "one of many");
    }
    wide.help().lines().forEach(l -> assertTrue(l.length() <= 100, l));
    assertEquals(100, wide.help().split("\\bword\\b", -1).length - 1);
  }

  @Test
  void declarationsThatClashAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> line.flag("--file", "again"));
    assertThrows(IllegalArgumentException.class, () -> line.flag("file", "no dashes"));
  }

  private long sizeOf(String text) throws UsageException {
    return line.parse("--file=f", "--size", text).find(size).orElseThrow();
  }

  private String refusal(String... args) {
    return String.valueOf(assertThrows(UsageException.class, () -> line.parse(args)).getMessage());
  }
}
