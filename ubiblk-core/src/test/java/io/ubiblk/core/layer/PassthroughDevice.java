package io.ubiblk.core.layer;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import java.io.IOException;

/** Passes everything through: the template of a decorator, as {@code docs/devices.md} shows it. */
final class PassthroughDevice extends ForwardingBlockDevice {

  /**
   * Creates the layer.
   *
   * @param delegate the device to wrap, owned by this one from now on
   */
  PassthroughDevice(BlockDevice delegate) {
    super(delegate);
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    return new PassthroughChannel(delegate().openChannel(reactor, depth, completions));
  }

  private static final class PassthroughChannel extends ForwardingBlockChannel {
    PassthroughChannel(BlockChannel delegate) {
      super(delegate);
    }
  }
}
