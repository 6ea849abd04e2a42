package io.ubiblk.examples.serve;

import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.cli.ValueType;
import io.ubiblk.vhost.VhostUserBlk;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;

/** Serves one disk until it is told to end. */
public final class VhostRunner implements Runner {

  private static final int MOST_QUEUES = 256;

  private final CommandLine line =
      new CommandLine("examples/run vhost", "Serves one disk to a virtual machine.");
  private final DiskOptions diskOptions = new DiskOptions(line);
  private final Option<Path> socket =
      line.required("--socket", "PATH", ValueType.PATH, "where to listen");
  private final Option<Integer> queues =
      line.defaulted(
          "--queues",
          "N",
          ValueType.number(1, MOST_QUEUES),
          "1",
          "most queues that a guest may use");
  private final ReactorFlags reactorFlags = new ReactorFlags(line);
  private final StatisticsOption statistics = new StatisticsOption(line);

  /** Creates the runner. */
  public VhostRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    diskOptions.check(arguments);
    // Closed in this order: the server, which flushes; the last statistics; the disk; the reactors.
    try (ReactorGroup reactors = reactorFlags.start(arguments, arguments.get(queues));
        VirtualDisk disk = diskOptions.open(arguments, reactors);
        StatisticsFile file = statistics.open(arguments, disk);
        VhostUserBlk server = serve(arguments, disk, reactors)) {
      System.out.println("listening on " + arguments.get(socket) + ": " + disk);
      StatisticsOption.await(server, termination, file);
    }
  }

  private VhostUserBlk serve(Arguments arguments, VirtualDisk disk, ReactorGroup reactors)
      throws UsageException, IOException {
    VhostUserBlk.Builder builder =
        VhostUserBlk.serve(disk)
            .at(arguments.get(socket))
            .queues(arguments.get(queues))
            .readOnly(diskOptions.isReadOnly(arguments))
            .reactors(reactors);
    try {
      return builder.start();
    } catch (IllegalArgumentException e) {
      throw new UsageException("option " + socket.name() + ": " + e.getMessage());
    } catch (SocketException e) {
      throw new IOException("socket " + arguments.get(socket) + " cannot be opened", e);
    }
  }
}
