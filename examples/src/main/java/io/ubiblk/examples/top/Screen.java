package io.ubiblk.examples.top;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

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
  private static final int DEFAULT_ROWS = 24;
  private static final int DEFAULT_COLUMNS = 80;

  private final PrintStream out;
  private final boolean terminal;

  Screen(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
    if (terminal) {
      out.print(ENTER);
    }
  }

  /** Returns a screen on standard output. */
  static Screen onStandardOutput(boolean replacing) {
    Optional<Console> console = Optional.ofNullable(System.console());
    return new Screen(System.out, replacing && console.map(Console::isTerminal).orElse(false));
  }

  /** Shows a table below a title. The table is told how many characters a line may have. */
  void show(String title, IntFunction<List<String>> table) {
    StringBuilder text = new StringBuilder();
    if (terminal) {
      int[] size = size();
      List<String> lines = table.apply(size[1]);
      text.append(HOME);
      append(text, title, size[1]);
      // The last row stays free: a line end there would scroll.
      int fit = Math.min(lines.size(), Math.max(0, size[0] - 2));
      lines.subList(0, fit).forEach(line -> append(text, line, size[1]));
      text.append(CLEAR_BELOW);
    } else {
      text.append(title).append('\n');
      table.apply(Integer.MAX_VALUE).forEach(line -> text.append(printable(line)).append('\n'));
      text.append('\n');
    }
    out.print(text);
    out.flush();
  }

  private static void append(StringBuilder text, String line, int columns) {
    String clean = printable(line);
    text.append(clean, 0, Math.min(clean.length(), columns)).append(END_OF_LINE).append('\n');
  }

  /** Replaces what could command the terminal: paths and messages come from elsewhere. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** Asks for the terminal's rows and columns each time: the window may have been resized. */
  private static int[] size() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (stty.waitFor(1, TimeUnit.SECONDS) && answer.matches("[1-9]\\d{0,4} [1-9]\\d{0,4}")) {
        String[] parts = answer.split(" ", 2);
        return new int[] {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
      }
    } catch (IOException e) {
      // There is no such program, or no terminal of our own.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new int[] {DEFAULT_ROWS, DEFAULT_COLUMNS};
  }

  @Override
  public void close() {
    if (terminal) {
      out.print(LEAVE);
      out.flush();
    }
  }
}
