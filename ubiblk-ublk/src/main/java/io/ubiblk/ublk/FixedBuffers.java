package io.ubiblk.ublk;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Finds out whether a device can be served without copying. It has to be known before the block
 * device is added, so a channel is opened only to ask.
 */
final class FixedBuffers {

  private FixedBuffers() {}

  /** Whether a device takes the fixed buffers of a reactor, and that has some. */
  static boolean suit(BlockDevice device, Reactor reactor) throws IOException {
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    boolean suit = OnReactor.call(reactor, () -> ask(device, (IoReactor) reactor, closed));
    closed.join();
    return suit;
  }

  private static boolean ask(
      BlockDevice device, IoReactor reactor, CompletableFuture<Boolean> closed) throws IOException {
    int buffer = reactor.reserveBuffers(1);
    if (buffer < 0) {
      closed.complete(true);
      return false;
    }
    reactor.releaseBuffers(buffer, 1);
    BlockChannel channel = device.openChannel(reactor, 1, (tag, status) -> {});
    boolean takes = FixedBufferChannel.of(channel) != null;
    channel.close(() -> closed.complete(true));
    return takes;
  }
}
