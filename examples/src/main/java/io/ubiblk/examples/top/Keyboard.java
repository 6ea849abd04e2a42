package io.ubiblk.examples.top;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The terminal that a program runs on, by means of stty. While it listens, keys are not shown where
 * the table is. Where there is no stty nothing changes, and the window has the usual size.
 */
final class Keyboard implements AutoCloseable {

  private static final Size USUAL = new Size(24, 80);

  /** How the terminal was set before, as stty puts it, or empty. */
  private Optional<String> before = Optional.empty();

  /** Rows and columns of a window. */
  record Size(int rows, int columns) {}

  /**
   * Listens until the end of the process.
   *
   * @param whenDone called when the key q is pressed
   */
  void listen(Runnable whenDone) {
    before = stty("-g").filter(setting -> setting.matches("[0-9a-f:]+"));
    if (before.isPresent()) {
      // Suspended, it would leave a terminal without cursor and echo.
      stty("-echo", "-icanon", "susp", "undef");
      Thread.ofPlatform().daemon().name("keyboard").start(() -> awaitEnd(whenDone));
    }
  }

  private static void awaitEnd(Runnable whenDone) {
    try {
      for (int key = System.in.read(); key >= 0; key = System.in.read()) {
        if (key == 'q' || key == 'Q') {
          whenDone.run();
        }
      }
    } catch (IOException e) {
      // Signals still end the program.
    }
  }

  /** Asks each time: the window may have been resized. */
  Size size() {
    return stty("size")
        .filter(answer -> answer.matches("[1-9]\\d{0,4} [1-9]\\d{0,4}"))
        .map(answer -> answer.split(" ", 2))
        .map(parts -> new Size(Integer.parseInt(parts[0]), Integer.parseInt(parts[1])))
        .orElse(USUAL);
  }

  private static Optional<String> stty(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "stty";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor(1, TimeUnit.SECONDS) && process.exitValue() == 0) {
        return Optional.of(answer);
      }
    } catch (IOException e) {
      // There is no such program, or no terminal of our own.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    before.ifPresent(Keyboard::stty);
  }
}
