package io.ubiblk.examples.quickstart;

import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.core.lazy.FetchProgress;
import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;

/**
 * What the user sees: steps, and under a step a line that changes. Where the output is no terminal,
 * the line is printed once a second instead, without control characters.
 */
final class Display {

  private static final int BAR = 24;
  private static final String ERASE = "\r\u001b[K";
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double NANOS_PER_MILLI = 1e6;

  private final PrintStream out;
  private final boolean terminal;
  private int steps;
  private boolean lineOpen;

  Display(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Returns a display on standard output. */
  static Display onStandardOutput() {
    Optional<Console> console = Optional.ofNullable(System.console());
    return new Display(System.out, console.map(Console::isTerminal).orElse(false));
  }

  /** Returns how often the changing line is worth printing. */
  Duration period() {
    return terminal ? Duration.ofMillis(200) : Duration.ofSeconds(1);
  }

  /** Begins a step. */
  void step(String text) {
    steps++;
    print(steps + ". " + text);
  }

  /** Adds a line to a step. */
  void note(String text) {
    print("   " + text);
  }

  /** Prints the line that changes. */
  void progress(FetchProgress progress, LatencyHistogram latencies, long nanos) {
    String line =
        "   "
            + bar(progress)
            + String.format(
                "%,9.0f IOPS   p50 %s   p99 %s",
                latencies.count() * NANOS_PER_SECOND / nanos,
                time(latencies.percentile(0.5)),
                time(latencies.percentile(0.99)));
    if (terminal) {
      out.print(ERASE + line);
      out.flush();
      lineOpen = true;
    } else {
      print(line);
    }
  }

  /** Prints a line as it is. */
  void print(String text) {
    if (lineOpen) {
      out.println();
      lineOpen = false;
    }
    out.println(text);
    out.flush();
  }

  private static String bar(FetchProgress progress) {
    long whole = Math.max(progress.source(), 1);
    int full = (int) (BAR * progress.fetched() / whole);
    return "["
        + "#".repeat(full)
        + ".".repeat(BAR - full)
        + String.format("] %4d of %d stripes", progress.fetched(), progress.source());
  }

  private static String time(long nanos) {
    return nanos < NANOS_PER_MILLI
        ? String.format("%5.1f us", nanos / NANOS_PER_MICRO)
        : String.format("%5.1f ms", nanos / NANOS_PER_MILLI);
  }
}
