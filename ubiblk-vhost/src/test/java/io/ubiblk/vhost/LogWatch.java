package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Sees what is logged. What goes wrong on a reactor or in a session must be found in a test, though
 * it throws nothing at the test.
 */
final class LogWatch implements AutoCloseable {

  private final PrintStream original = System.err;
  private final ByteArrayOutputStream copy = new ByteArrayOutputStream();

  LogWatch() {
    System.setErr(new PrintStream(copy, true, StandardCharsets.UTF_8));
  }

  /** All lines so far. */
  List<String> lines() {
    return copy.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Fails if an error or a stack trace was logged. */
  void assertNoErrors() {
    List<String> bad =
        lines().stream()
            .filter(
                line ->
                    line.contains(" ERROR ")
                        || line.startsWith("\tat ")
                        || line.contains("Exception:"))
            .toList();
    assertEquals(List.of(), bad);
  }

  /** Forgets what was logged so far, because it was expected. */
  void forget() {
    copy.reset();
  }

  @Override
  public void close() {
    System.setErr(original);
  }
}
