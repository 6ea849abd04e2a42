package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/** Another program, as a client of ours. */
final class Program {

  private static final long MOST_SECONDS = 120;

  /** How a program has ended. */
  record Result(int status, String output) {}

  private Program() {}

  /**
   * Skips the test with a reason if a program is not installed. Where everything must be installed,
   * as the environment variable {@code CI} says, the test fails instead.
   */
  static void require(String program, String debianPackage) {
    boolean found =
        Pattern.compile(":")
            .splitAsStream(System.getenv("PATH"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    if (found) {
      return;
    }
    String reason = program + " is not installed (Debian package " + debianPackage + ")";
    if ("true".equals(System.getenv("CI"))) {
      fail(reason);
    }
    throw new TestAbortedException(reason);
  }

  static Result run(List<String> command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // nbdsh calls the first python3 there is, but only the system's has libnbd's module.
    builder.environment().merge("PATH", "/usr/bin:/bin", (path, system) -> system + ":" + path);
    Process process = builder.start();
    process.getOutputStream().close();
    Thread killer =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
                      process.destroyForcibly();
                    }
                  } catch (InterruptedException e) {
                    process.destroyForcibly();
                  }
                });
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    killer.join();
    return new Result(status, output);
  }

  /** Runs a program that has to succeed and returns what it prints. */
  static String output(String... command) throws IOException, InterruptedException {
    Result result = run(new ArrayList<>(List.of(command)));
    assertEquals(0, result.status(), String.join(" ", command) + "\n" + result.output());
    return result.output();
  }
}
