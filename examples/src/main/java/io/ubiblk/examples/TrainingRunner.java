package io.ubiblk.examples;

import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.quickstart.Workspace;
import io.ubiblk.examples.serve.NbdRunner;
import io.ubiblk.examples.serve.VhostRunner;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Serves and uses a disk for a moment, so that the JVM can keep what it has loaded for later
 * starts. Not listed: only the script needs it.
 */
final class TrainingRunner implements Runner {

  /** Uses what is served at a socket. */
  private interface Client {
    void use(Path socket) throws IOException, InterruptedException;
  }

  private static final int ROUNDS = 200;

  /** Enough for the JVM to see what is worth compiling. */
  private static final int MANY_ROUNDS = 2000;

  private static final int BLOCK = 4096;
  private static final int SECTORS = BLOCK / 512;

  private final CommandLine line =
      new CommandLine("examples/run training", "Loads and runs what the other runners need.");

  TrainingRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    try (Workspace workspace = Workspace.create()) {
      Path image = workspace.file("image.raw");
      Files.write(image, new byte[BLOCK * ROUNDS]);
      serve(new VhostRunner(), TrainingRunner::exercise, workspace, "--size", "1M");
      String metadata = workspace + "/meta";
      String[] lazy = {"--image", image.toString(), "--metadata", metadata};
      serve(new VhostRunner(), TrainingRunner::exercise, workspace, lazy);
      serve(new NbdRunner(), s -> NbdExercise.run(s, MANY_ROUNDS), workspace, "--size=1M");
    }
  }

  private static void serve(Runner runner, Client user, Workspace workspace, String... more)
      throws UsageException, IOException, InterruptedException {
    Path socket = workspace.file("disk" + more.length + ".sock");
    String[] args = new String[more.length + 5];
    args[0] = "--file";
    args[1] = workspace.file("disk" + more.length + ".raw").toString();
    args[2] = "--socket";
    args[3] = socket.toString();
    args[4] = "--json-stats=" + workspace.file("stats.json");
    System.arraycopy(more, 0, args, 5, more.length);
    Arguments arguments = runner.commandLine().parse(args);
    Termination end = new Termination();
    Thread client = Thread.ofPlatform().start(() -> use(user, socket, end));
    runner.run(arguments, end);
    client.join();
  }

  private static void use(Client user, Path socket, Termination end) {
    try {
      user.use(socket);
    } catch (IOException | InterruptedException e) {
      System.err.println("training: " + e.getMessage());
    } finally {
      end.request();
    }
  }

  /** Reads, writes and flushes a disk of at least 800 KiB as a virtual machine would. */
  static void exercise(Path socket) throws IOException, InterruptedException {
    try (VhostBlkClient client = VhostBlkClient.connect(socket)) {
      for (int i = 0; i < ROUNDS; i++) {
        client.queue(0).read((long) i * SECTORS, BLOCK);
        client.queue(0).write((long) i * SECTORS, new byte[BLOCK]);
      }
      client.queue(0).flush();
    }
  }
}
