package io.ubiblk.examples.programs;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DiskAssembly;
import io.ubiblk.config.Tuning;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.layer.QueueTrackingDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.rpc.RpcServer;
import io.ubiblk.core.rpc.RpcSubject;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.logging.Verbosity;
import io.ubiblk.vhost.VhostUserBlk;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the disk of a configuration over vhost-user-blk until it is told to end. */
public final class VhostBackend implements Runner {

  private static final Logger LOG = LoggerFactory.getLogger(VhostBackend.class);

  private final CommandLine line =
      new CommandLine("vhost-backend", "Serves the disk of a configuration to a virtual machine.");
  private final CommonOptions common = new CommonOptions(line, "vhost-user-blk backend");

  /** Creates the program. */
  public VhostBackend() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws IOException, InterruptedException {
    common.begin(arguments);
    try (Configuration configuration = common.load(arguments, termination)) {
      serve(configuration, termination);
    }
  }

  /**
   * Serves a disk.
   *
   * @param configuration describes the disk; its secrets are wiped as soon as the disk is open
   * @param termination says when to end
   * @throws IOException if the disk cannot be served, or fails
   * @throws InterruptedException if the thread is interrupted
   */
  public static void serve(Configuration configuration, Termination termination)
      throws IOException, InterruptedException {
    Path socket = configuration.device().vhostSocket();
    if (socket == null) {
      throw new ConfigurationException(
          configuration.file(),
          0,
          "device.vhost_socket",
          "is missing, expected the path that vhost-backend is to listen at");
    }
    Tuning tuning = configuration.tuning();
    // Closed in this order: the server, which flushes; the RPC; the disk; the reactors.
    try (ReactorGroup reactors = ReactorGroup.start(DiskAssembly.reactors(tuning));
        VirtualDisk disk = DiskAssembly.open(configuration, reactors);
        QueueTrackingDevice tracked = new QueueTrackingDevice(disk, tuning.numQueues());
        RpcServer rpc = startRpc(configuration, disk, tracked);
        VhostUserBlk server = startServer(configuration, socket, tracked, reactors)) {
      configuration.close();
      LOG.info("{} listens on {}{}", disk, socket, rpc == null ? "" : ", RPC on " + rpc.path());
      termination.await(server);
      LOG.info("ending");
    }
  }

  static @Nullable RpcServer startRpc(
      Configuration configuration, VirtualDisk disk, QueueTrackingDevice tracked)
      throws IOException {
    Path path = configuration.device().rpcSocket();
    if (path == null) {
      return null;
    }
    RpcSubject subject =
        RpcSubject.of(Release.COMPATIBLE, disk, tracked.queues(), Verbosity.PROCESS);
    try {
      return RpcServer.start(subject, path);
    } catch (IllegalArgumentException | SocketException e) {
      throw badSocket(configuration, "device.rpc_socket", path, e);
    }
  }

  private static VhostUserBlk startServer(
      Configuration configuration, Path socket, BlockDevice device, ReactorGroup reactors)
      throws IOException {
    Tuning tuning = configuration.tuning();
    startOver(reactors);
    try {
      return VhostUserBlk.serve(device)
          .at(socket)
          .queues(tuning.numQueues())
          .largestRing(tuning.queueSize())
          .segments(tuning.segSizeMax(), tuning.segCountMax())
          .deviceId(configuration.device().deviceId())
          .reactors(reactors)
          .start();
    } catch (IllegalArgumentException | SocketException e) {
      throw badSocket(configuration, "device.vhost_socket", socket, e);
    }
  }

  /** Makes the first reactor the next one, so that queue K is on processor K of the tuning. */
  static void startOver(ReactorGroup reactors) {
    while (reactors.next() != reactors.reactors().getLast()) {}
  }

  private static ConfigurationException badSocket(
      Configuration configuration, String key, Path path, Exception cause) {
    ConfigurationException e =
        new ConfigurationException(
            configuration.file(),
            0,
            key,
            "= \"" + path + "\", expected a path where a socket can be made");
    e.initCause(cause);
    return e;
  }
}
