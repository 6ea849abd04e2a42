package io.ubiblk.vhost;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Frontend;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import io.ubiblk.testkit.vhost.VhostUserFrontend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** A server with its device and reactors, and clients for it. Closing it checks the log. */
final class Rig implements AutoCloseable {

  static final long SIZE = 4 << 20;

  final ScriptedDevice device;
  final LogWatch log = new LogWatch();
  final ReactorGroup group;
  final VhostUserBlk server;
  final Path socket;

  /**
   * Starts a server.
   *
   * @param folder where to put its socket
   * @param threads number of reactors
   * @param kind kind of reactors
   * @param device what to serve, closed with the rig
   * @param more what the server shall be like
   */
  Rig(
      Path folder,
      int threads,
      ReactorOptions.Kind kind,
      ScriptedDevice device,
      UnaryOperator<VhostUserBlk.Builder> more)
      throws IOException {
    this.device = device;
    this.socket = folder.resolve("disk.sock");
    this.group = ReactorGroup.start(ReactorOptions.of(threads).withKind(kind));
    this.server = more.apply(VhostUserBlk.serve(device).at(socket).reactors(group)).start();
  }

  Rig(
      Path folder,
      ReactorOptions.Kind kind,
      ScriptedDevice device,
      UnaryOperator<VhostUserBlk.Builder> more)
      throws IOException {
    this(folder, 2, kind, device, more);
  }

  Rig(Path folder, ScriptedDevice device) throws IOException {
    this(folder, ReactorOptions.Kind.AUTOMATIC, device, b -> b);
  }

  /** A rig with a device of {@link #SIZE} bytes that can do everything. */
  static Rig start(Path folder) throws IOException {
    return new Rig(folder, memory());
  }

  static ScriptedDevice memory() {
    return new ScriptedDevice(new MemoryDevice(SIZE));
  }

  static ScriptedDevice over(BlockDevice delegate) {
    return new ScriptedDevice(delegate);
  }

  VhostBlkOptions options() {
    return VhostBlkOptions.at(socket);
  }

  VhostBlkClient connect() throws IOException, InterruptedException {
    return VhostBlkClient.connect(socket);
  }

  VhostBlkClient connect(UnaryOperator<VhostBlkOptions> more)
      throws IOException, InterruptedException {
    return VhostBlkClient.connect(more.apply(options()));
  }

  /** A connection on which nothing has been said. */
  VhostUserFrontend frontend() throws IOException {
    return VhostUserFrontend.connect(socket);
  }

  /** Shows that the server serves somebody who behaves. */
  void assertServes() throws IOException, InterruptedException {
    try (VhostBlkClient client = connect()) {
      byte[] data = new byte[512];
      data[17] = 42;
      client.queue(0).write(1, data);
      if (client.queue(0).read(1, 512)[17] != 42) {
        throw new AssertionError("what was written cannot be read");
      }
    }
  }

  /** Waits until nothing is left of the last session. */
  void settle() throws Exception {
    Await.until(() -> server.state() == Frontend.State.LISTENING);
    // Memory is unmapped beside the session's end.
    Thread.sleep(100);
  }

  @Override
  public void close() throws IOException {
    try (log) {
      device.release();
      server.close();
      device.close();
      group.close();
      log.assertNoErrors();
    }
  }
}
