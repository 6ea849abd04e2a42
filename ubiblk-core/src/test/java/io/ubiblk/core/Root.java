package io.ubiblk.core;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Programs that need a privileged user. */
public final class Root {

  private Root() {}

  /**
   * Runs a program; where it cannot do its work, the test is skipped with what the program says.
   *
   * @param command the program and its arguments
   * @return what it printed
   */
  public static String run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
      assumeTrue(process.waitFor(10, TimeUnit.SECONDS), command[0] + " does not end");
      assumeTrue(process.exitValue() == 0, String.join(" ", command) + ": " + output);
      return output;
    } catch (IOException missing) {
      assumeTrue(false, missing.getMessage());
      throw missing;
    }
  }
}
