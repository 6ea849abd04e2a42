package io.ubiblk.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that the launcher has become, as a user would start it. */
final class RunningProgram implements AutoCloseable {

  static final Path LAUNCHER = Path.of("run").toAbsolutePath();

  private static final int PATIENCE_SECONDS = 120;

  private final Process process;
  private final Path errors;
  private final BufferedReader output;
  private final List<String> lines = new ArrayList<>();
  private volatile boolean tookTooLong;

  private RunningProgram(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Starts the launcher. */
  static RunningProgram start(String... args) throws IOException {
    return start(LAUNCHER, Path.of("/"), args);
  }

  /** Starts the launcher by some path in some folder. */
  static RunningProgram start(Path launcher, Path workingFolder, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(args));
    Path errors = Files.createTempFile("run-", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(workingFolder.toFile());
    builder.environment().put("UBIBLK_NO_BUILD", "true");
    return new RunningProgram(builder.redirectError(errors.toFile()).start(), errors);
  }

  /** Waits for a line on standard output; null if the output has ended. */
  String readLine() throws IOException {
    String line = output.readLine();
    if (line != null) {
      lines.add(line);
    }
    return line;
  }

  /** Sends a signal to the process that was started, which is Java by then. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits for the end and returns the exit status. */
  int awaitEnd() throws IOException, InterruptedException {
    Thread watch = Thread.startVirtualThread(this::endOnceItTakesTooLong);
    while (readLine() != null) {}
    int status = process.waitFor();
    watch.interrupt();
    if (watch.join(Duration.ofSeconds(1)) && tookTooLong) {
      throw new AssertionError("did not end; its errors: " + errors());
    }
    return status;
  }

  /** Whoever waits for its output would otherwise wait for ever. */
  private void endOnceItTakesTooLong() {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        tookTooLong = true;
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      // It has ended.
    }
  }

  /** Returns every line of standard output that was read. */
  List<String> lines() {
    return List.copyOf(lines);
  }

  /** Returns standard error, without what the launcher says of its own preparations. */
  String errors() throws IOException {
    return String.join(
        "\n",
        Files.readAllLines(errors).stream()
            .filter(line -> !line.startsWith("examples/run: preparing"))
            .toList());
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    output.close();
    Files.delete(errors);
  }
}
