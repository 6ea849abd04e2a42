package io.ubiblk.examples.serve;

import io.ubiblk.api.Geometry;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** Serves many disks in one process, all on the same few reactors. */
public final class HundredsRunner implements Runner {

  private static final int MOST_DISKS = 10_000;
  private static final int LONGEST_SECONDS = 1_000_000;

  private final CommandLine line =
      new CommandLine("examples/run hundreds", "Serves many disks in one process.");
  private final Option<Integer> disks =
      line.required("--disks", "N", ValueType.number(1, MOST_DISKS), "number of disks");
  private final Option<Path> dir =
      line.required(
          "--dir",
          "DIR",
          ValueType.PATH,
          "folder of disk-K.raw and disk-K.sock, K from 0 on; created if it does not exist");
  private final Option<Long> size =
      line.defaulted(
          "--size",
          "BYTES",
          ValueType.SIZE,
          "1G",
          "size of disks that do not exist and are created");
  private final Option<Integer> seconds =
      line.optional(
          "--serve-seconds",
          "N",
          ValueType.number(1, LONGEST_SECONDS),
          "end by itself after so many seconds");
  private final ReactorFlags reactorFlags = new ReactorFlags(line);

  /** Creates the runner. */
  public HundredsRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    long bytes = arguments.get(size);
    if (bytes % Geometry.SECTOR != 0) {
      throw new UsageException(
          "option " + size.name() + " has the value '" + bytes + "', expected a multiple of 512");
    }
    int count = arguments.get(disks);
    Path folder = Files.createDirectories(arguments.get(dir));
    try (ReactorGroup reactors = reactorFlags.start(arguments, Integer.MAX_VALUE);
        Many servers = new Many()) {
      for (int i = 0; i < count && !termination.isRequested(); i++) {
        servers.start(folder, i, bytes, reactors);
      }
      System.out.println(
          count + " disks listen on " + folder.resolve("disk-0.sock") + " to disk-" + (count - 1));
      if (arguments.isSet(seconds)) {
        termination.await(Duration.ofSeconds(arguments.get(seconds)));
      } else {
        termination.await();
      }
    }
  }

  /** Disks and their servers, closed last to first, whatever fails. */
  private static final class Many implements AutoCloseable {

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    void start(Path folder, int number, long size, ReactorGroup reactors) throws IOException {
      VirtualDisk disk =
          VirtualDisk.builder()
              .file(folder.resolve("disk-" + number + ".raw"))
              .createIfMissing(size)
              .reactors(reactors)
              .build();
      open.push(disk);
      Path socket = folder.resolve("disk-" + number + ".sock");
      open.push(VhostUserBlk.serve(disk).at(socket).reactors(reactors).start());
    }

    @Override
    public void close() throws IOException {
      IOException first = null;
      while (!open.isEmpty()) {
        try {
          open.pop().close();
        } catch (Exception e) {
          if (first == null) {
            first = new IOException("a disk could not be closed", e);
          } else {
            first.addSuppressed(e);
          }
        }
      }
      if (first != null) {
        throw first;
      }
    }
  }
}
