package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.core.linux.CoreDumpLimit;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** In a process of its own: what is disabled stays so. */
class CoreDumpsTest {

  /** The program that the test runs. */
  static final class Program {

    private Program() {}

    public static void main(String[] arguments) throws Exception {
      boolean before = CoreDumpLimit.isDumpable();
      boolean done = CoreDumps.disable();
      System.out.println(
          before + " " + done + " " + CoreDumpLimit.isDumpable() + " " + CoreDumpLimit.hardLimit());
    }
  }

  @Test
  void processIsNotDumpableAndItsLimitIsZero() throws Exception {
    String classes =
        String.join(
            File.pathSeparator,
            Path.of("target", "classes").toAbsolutePath().toString(),
            Path.of("target", "test-classes").toAbsolutePath().toString(),
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path", ""));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                Program.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor(60, TimeUnit.SECONDS);
    assertEquals("true true false 0", output.strip());
  }
}
