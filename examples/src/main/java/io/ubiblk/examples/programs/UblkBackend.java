package io.ubiblk.examples.programs;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DiskAssembly;
import io.ubiblk.config.SourceSection;
import io.ubiblk.config.Tuning;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.layer.QueueTrackingDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.core.rpc.RpcServer;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import io.ubiblk.examples.serve.DeviceLink;
import io.ubiblk.ublk.UblkBuilder;
import io.ubiblk.ublk.UblkDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the disk of a configuration to this machine's kernel until it is told to end. */
public final class UblkBackend implements Runner {

  private static final Logger LOG = LoggerFactory.getLogger(UblkBackend.class);

  private final CommandLine line =
      new CommandLine("ublk-backend", "Serves the disk of a configuration to this machine.");
  private final CommonOptions common = new CommonOptions(line, "ublk backend");
  private final Option<Path> symlink =
      line.optional(
          "--device-symlink",
          "PATH",
          ValueType.PATH,
          "symbolic link to the block device, there as long as it is");

  private final Option<Boolean> noZeroCopy =
      line.flag("--no-zero-copy", "copy data even where kernel and disk can do without");

  /** Creates the program. */
  public UblkBackend() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws IOException, InterruptedException {
    common.begin(arguments);
    try (Configuration configuration = common.load(arguments, termination)) {
      Path link = arguments.find(symlink).orElse(null);
      if (link != null) {
        checkLink(link, configuration);
      }
      serve(configuration, link, !arguments.isSet(noZeroCopy), termination);
    }
  }

  private void checkLink(Path link, Configuration configuration) throws IOException {
    List<Path> files = new ArrayList<>();
    files.add(configuration.device().dataPath());
    Path metadata = configuration.device().metadataPath();
    if (metadata != null) {
      files.add(metadata);
    }
    if (configuration.stripeSource() instanceof SourceSection.Raw raw) {
      files.add(raw.imagePath());
    }
    Path taken = DeviceLink.findReplaced(link, files);
    if (taken != null) {
      throw new IOException(
          symlink.name() + " " + link + " is " + taken + " of the disk, expected another path");
    }
  }

  private static void serve(
      Configuration configuration,
      @Nullable Path symlink,
      boolean zeroCopy,
      Termination termination)
      throws IOException, InterruptedException {
    Tuning tuning = configuration.tuning();
    requireDepth(configuration);
    // Closed in this order: the link; the block device, which flushes; the RPC; the disk; the
    // reactors.
    try (ReactorGroup reactors = ReactorGroup.start(reactors(tuning));
        VirtualDisk disk = DiskAssembly.open(configuration, reactors);
        QueueTrackingDevice tracked = new QueueTrackingDevice(disk, tuning.numQueues());
        RpcServer rpc = VhostBackend.startRpc(configuration, disk, tracked);
        UblkDevice device = start(tuning, tracked, zeroCopy, reactors);
        DeviceLink link = symlink == null ? null : DeviceLink.create(symlink, device.path())) {
      configuration.close();
      LOG.info(
          "{} is {}{}{}",
          disk,
          device,
          link == null ? "" : ", link " + link,
          rpc == null ? "" : ", RPC on " + rpc.path());
      termination.await(device);
      LOG.info("ending");
    }
  }

  /** The driver is spoken to over rings only, so {@code io_engine} has nothing to choose. */
  static ReactorOptions reactors(Tuning tuning) {
    return DiskAssembly.reactors(tuning).withKind(ReactorOptions.Kind.AUTOMATIC);
  }

  private static UblkDevice start(
      Tuning tuning, BlockDevice device, boolean zeroCopy, ReactorGroup reactors)
      throws IOException {
    VhostBackend.startOver(reactors);
    return UblkDevice.serve(device)
        .queues(tuning.numQueues())
        .depth(tuning.queueSize())
        .largestTransfer(largestTransfer(tuning))
        .zeroCopy(zeroCopy)
        .reactors(reactors)
        .start();
  }

  /**
   * A request may be larger than asked for, because not every size is one that the driver takes.
   */
  private static int largestTransfer(Tuning tuning) {
    int unit = UblkBuilder.TRANSFER_UNIT;
    return Math.ceilDiv(tuning.segSizeMax(), unit) * unit;
  }

  private static void requireDepth(Configuration configuration) throws ConfigurationException {
    int size = configuration.tuning().queueSize();
    if (size > UblkBuilder.MOST_REQUESTS) {
      throw new ConfigurationException(
          configuration.file(),
          0,
          "tuning.queue_size",
          "= " + size + ", expected at most " + UblkBuilder.MOST_REQUESTS + " for ublk-backend");
    }
  }
}
