package io.ubiblk.examples.top;

import java.io.Console;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * Where tables are shown: each in place of the one before on a terminal, one after the other and
 * without control characters elsewhere.
 */
final class Screen implements AutoCloseable {

  private static final String ENTER = "\u001b[?1049h\u001b[?25l";
  private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String END_OF_LINE = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  private final PrintStream out;
  private final boolean terminal;
  private final Keyboard keyboard = new Keyboard();

  Screen(PrintStream out, boolean terminal, Runnable whenDone) {
    this.out = out;
    this.terminal = terminal;
    if (terminal) {
      keyboard.listen(whenDone);
      out.print(ENTER);
    }
  }

  /** Returns a screen on standard output, on which tables replace each other. */
  static Screen onTerminal(Runnable whenDone) {
    Optional<Console> console = Optional.ofNullable(System.console());
    return new Screen(System.out, console.map(Console::isTerminal).orElse(false), whenDone);
  }

  /** Returns one on standard output for tables one after the other. */
  static Screen onPaper() {
    return new Screen(System.out, false, () -> {});
  }

  /** Shows a table below a title. The table is told how many characters a line may have. */
  void show(String title, IntFunction<List<String>> table) {
    String text =
        terminal
            ? inPlace(title, table, keyboard.size())
            : title + '\n' + plain(table.apply(Integer.MAX_VALUE)) + '\n';
    out.print(text);
    out.flush();
  }

  private static String plain(List<String> lines) {
    return lines.stream().map(line -> printable(line) + '\n').collect(Collectors.joining());
  }

  /** Makes what draws a table over the one before. */
  static String inPlace(String title, IntFunction<List<String>> table, Keyboard.Size size) {
    List<String> lines = new ArrayList<>();
    lines.add(title);
    lines.addAll(table.apply(size.columns()));
    int rows = Math.min(lines.size(), size.rows());
    if (rows < lines.size() && rows > 1) {
      lines.set(rows - 1, "... " + (lines.size() - rows + 1) + " more lines");
    }
    StringBuilder text = new StringBuilder(HOME);
    for (int i = 0; i < rows; i++) {
      // A line end in the last row would scroll.
      text.append(i == 0 ? "" : "\r\n");
      append(text, lines.get(i), size.columns());
    }
    return text.append(rows < size.rows() ? "\r\n" + CLEAR_BELOW : "").toString();
  }

  private static void append(StringBuilder text, String line, int columns) {
    String clean = printable(line);
    text.append(clean, 0, Math.min(clean.length(), columns));
    // Behind the last column it would erase the last character.
    text.append(clean.length() < columns ? END_OF_LINE : "");
  }

  /** Replaces what could command the terminal: paths and messages come from elsewhere. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  @Override
  public void close() {
    if (terminal) {
      keyboard.close();
      out.print(LEAVE);
      out.flush();
    }
  }
}
