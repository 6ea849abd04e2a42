package io.ubiblk.examples;

import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Runs command lines one after another in this process, so that the JVM can keep what the programs
 * of a release have loaded; or, in a process of its own, is the virtual machine that uses the disk
 * of the last of them. Not listed: only the script that makes a release needs it.
 */
final class RehearsalRunner implements Runner {

  private final CommandLine line =
      new CommandLine("rehearsal", "Loads and runs what the programs of a release need.");
  private final Option<Path> commands =
      line.optional("--commands", "FILE", ValueType.PATH, "command lines, words between blanks");
  private final Option<Path> drive =
      line.optional("--drive", "SOCKET", ValueType.PATH, "the disk to read and write");

  RehearsalRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws IOException, InterruptedException {
    Optional<Path> socket = arguments.find(drive);
    if (socket.isPresent()) {
      TrainingRunner.exercise(socket.get());
    }
    Optional<Path> file = arguments.find(commands);
    if (file.isPresent()) {
      for (String command : Files.readAllLines(file.get())) {
        int status = Main.start(termination, command.split(" +"));
        if (status != 0) {
          throw new IOException(command + ": exit status " + status + ", expected 0");
        }
      }
    }
  }
}
