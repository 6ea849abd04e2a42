package io.ubiblk.nbd;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;

/** A device with a mistake: its writes throw when they are told to. */
final class ThrowingDevice extends ForwardingBlockDevice {

  private volatile boolean throwing;

  ThrowingDevice(BlockDevice delegate) {
    super(delegate);
  }

  void throwAtWrites(boolean value) {
    throwing = value;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    return new ForwardingBlockChannel(delegate().openChannel(reactor, depth, completions)) {
      @Override
      public boolean write(long offset, ScatterList src, int flags, long tag) {
        if (throwing) {
          throw new IllegalStateException("told to throw");
        }
        return super.write(offset, src, flags, tag);
      }
    };
  }
}
