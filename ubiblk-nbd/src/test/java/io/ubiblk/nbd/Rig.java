package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.nbd.session.ReactorShares;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** A server with its device and reactors. Closing it checks that nothing is left behind. */
final class Rig implements AutoCloseable {

  static final int SIZE = 4 << 20;

  final BlockDevice device;
  final ReactorGroup group;
  final NbdServer server;
  final Path socket;

  /**
   * Starts a server.
   *
   * @param folder where to put its socket
   * @param kind kind of reactors
   * @param device what to serve, closed with the rig
   * @param more what the server shall be like
   */
  Rig(
      Path folder,
      ReactorOptions.Kind kind,
      BlockDevice device,
      UnaryOperator<NbdServerBuilder> more)
      throws IOException {
    this.device = device;
    this.socket = folder.resolve("nbd.sock");
    this.group = ReactorGroup.start(ReactorOptions.of(2).withKind(kind).withPollNanos(0));
    this.server = more.apply(NbdServer.serve(device).at(socket).reactors(group)).start();
  }

  Rig(Path folder, BlockDevice device) throws IOException {
    this(folder, ReactorOptions.Kind.AUTOMATIC, device, b -> b);
  }

  Rig(Path folder, BlockDevice device, UnaryOperator<NbdServerBuilder> more) throws IOException {
    this(folder, ReactorOptions.Kind.AUTOMATIC, device, more);
  }

  /** A rig with a device of {@link #SIZE} bytes in memory. */
  static Rig start(Path folder) throws IOException {
    return new Rig(folder, new MemoryDevice(SIZE));
  }

  NbdClient open(ReplyStyle style) throws IOException {
    return NbdClient.open(socket, style, "");
  }

  /** Shows that the server serves somebody who behaves. */
  void assertServes() throws IOException {
    try (NbdClient client = open(ReplyStyle.STRUCTURED)) {
      byte[] data = new byte[8192];
      data[17] = 42;
      assertEquals(0, client.write(4096, data));
      assertArrayEquals(data, client.read(4096, data.length));
    }
  }

  /** Waits until nothing is left of any connection. */
  void settle() throws Exception {
    Await.until(() -> server.connections() == 0);
    assertEquals(0, server.service().budget().used());
    for (ReactorShares.Share share : server.shares().all()) {
      long kept = OnReactor.call(share.reactor(), () -> share.pool().kept());
      assertEquals(0, kept);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    assertEquals(0, server.connections());
    assertEquals(0, server.service().budget().used());
    device.close();
    group.close();
  }
}
