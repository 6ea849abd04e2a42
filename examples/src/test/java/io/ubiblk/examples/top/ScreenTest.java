package io.ubiblk.examples.top;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is drawn on a terminal: E stands for the erasing of a line's rest, J of what is below. */
class ScreenTest {

  private static final List<String> LINES = List.of("0123456789", "second", "third");

  private static String drawn(int rows, int columns) {
    return Screen.inPlace("title", room -> LINES, new Keyboard.Size(rows, columns))
        .replace("\u001b[H", "")
        .replace("\u001b[K", "E")
        .replace("\u001b[J", "J")
        .replace("\r\n", "|");
  }

  @Test
  void whatIsLeftFromTheTableBeforeIsErased() {
    assertEquals("titleE|0123456789E|secondE|thirdE|J", drawn(10, 80));
  }

  @Test
  void theLastRowIsUsedAndDoesNotScroll() {
    assertEquals("titleE|0123456789E|secondE|thirdE", drawn(4, 80));
  }

  @Test
  void aLineAsLongAsTheWindowKeepsItsLastCharacter() {
    assertEquals("titleE|0123456789|secondE|thirdE|J", drawn(10, 10));
    assertEquals("title|01234|secon|third|J", drawn(10, 5));
  }

  @Test
  void whatDoesNotFitIsCountedInstead() {
    assertEquals("titleE|0123456789E|... 2 more linesE", drawn(3, 80));
    assertEquals("titleE|... 3 more linesE", drawn(2, 80));
    assertEquals("titleE", drawn(1, 80));
    assertEquals("t", drawn(1, 1));
  }

  @Test
  void elsewhereThereAreNoControlCharacters() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try (Screen screen = new Screen(out, false, () -> {})) {
      screen.show("title", room -> List.of("a\u001b[Hb", "c"));
    }
    assertEquals("title\na?[Hb\nc\n\n", bytes.toString(StandardCharsets.UTF_8));
  }
}
