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
import io.ubiblk.ublk.UblkBuilder;
import io.ubiblk.ublk.UblkDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Serves one disk to this machine's kernel until it is told to end. */
public final class UblkRunner implements Runner {

  private static final int MOST_QUEUES = 256;

  private final CommandLine line =
      new CommandLine("examples/run ublk", "Serves one disk to this machine's kernel.");
  private final DiskOptions diskOptions = new DiskOptions(line);
  private final Option<Integer> id =
      line.optional(
          "--id",
          "N",
          ValueType.number(0, UblkBuilder.LARGEST_ID),
          "number of the block device, /dev/ublkbN; unless given, the first that is free");
  private final Option<Path> symlink =
      line.optional(
          "--device-symlink",
          "PATH",
          ValueType.PATH,
          "symbolic link to the block device, there as long as it is");
  private final Option<Boolean> recover =
      line.flag(
          "--recover",
          "take the block device over from a server that was killed, or add one that can be taken"
              + " over; needs --id");
  private final Option<Integer> queues =
      line.defaulted(
          "--queues",
          "N",
          ValueType.number(1, MOST_QUEUES),
          "1",
          "queues; the kernel gives at most one for each processor");
  private final Option<Integer> depth =
      line.defaulted(
          "--depth",
          "N",
          ValueType.number(1, UblkBuilder.MOST_REQUESTS),
          "128",
          "requests that a queue has in flight at most");
  private final Option<Boolean> noZeroCopy =
      line.flag(
          "--no-zero-copy", "copy data even where kernel and disk can do without, for comparison");
  private final ReactorFlags reactorFlags = ReactorFlags.ofRings(line);
  private final StatisticsOption statistics = new StatisticsOption(line);

  /** Creates the runner. */
  public UblkRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    diskOptions.check(arguments);
    arguments.requireWith(recover, id);
    if (arguments.isSet(symlink)) {
      checkLink(arguments.get(symlink), diskOptions.files(arguments));
    }
    // Closed in this order: the link; the block device, which flushes; the last statistics; the
    // disk; the reactors.
    try (ReactorGroup reactors = reactorFlags.start(arguments, arguments.get(queues));
        VirtualDisk disk = diskOptions.open(arguments, reactors);
        StatisticsFile file = statistics.open(arguments, disk);
        UblkDevice device = serve(arguments, disk, reactors);
        DeviceLink link = link(arguments, device)) {
      String name = link == null ? "" : " as " + link;
      System.out.println("serving " + device.path() + name + ": " + disk);
      StatisticsOption.await(device, termination, file);
    }
  }

  private void checkLink(Path path, List<Path> files) throws UsageException {
    Path taken = DeviceLink.findReplaced(path, files);
    if (taken != null) {
      throw new UsageException(
          "option "
              + symlink.name()
              + " has the value '"
              + path
              + "', which is "
              + taken
              + " of the disk, expected another path");
    }
  }

  private UblkDevice serve(Arguments arguments, VirtualDisk disk, ReactorGroup reactors)
      throws IOException {
    UblkBuilder builder =
        UblkDevice.serve(disk)
            .queues(arguments.get(queues))
            .depth(arguments.get(depth))
            .readOnly(diskOptions.isReadOnly(arguments))
            .recoverable(arguments.isSet(recover))
            .zeroCopy(!arguments.isSet(noZeroCopy))
            .reactors(reactors);
    arguments.find(id).ifPresent(builder::id);
    return arguments.isSet(recover) ? builder.recover() : builder.start();
  }

  private @Nullable DeviceLink link(Arguments arguments, UblkDevice device) {
    return arguments.isSet(symlink)
        ? DeviceLink.create(arguments.get(symlink), device.path())
        : null;
  }
}
