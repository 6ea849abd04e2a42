package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds up the writes or the flushes of a device, and allocates nothing for what passes. For one
 * thread.
 */
final class HeldUpDevice extends ForwardingBlockDevice {

  private final Operation held;
  private final List<Runnable> waiting = new ArrayList<>();
  private boolean holding = true;

  HeldUpDevice(BlockDevice delegate, Operation held) {
    super(delegate);
    this.held = held;
  }

  int waiting() {
    return waiting.size();
  }

  void release() {
    holding = false;
    waiting.forEach(Runnable::run);
    waiting.clear();
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    BlockChannel below = delegate().openChannel(reactor, depth, completions);
    return new ForwardingBlockChannel(below) {
      @Override
      public boolean write(long offset, ScatterList src, int flags, long tag) {
        return (holding && held == Operation.WRITE)
            ? waiting.add(() -> below.write(offset, src, flags, tag))
            : below.write(offset, src, flags, tag);
      }

      @Override
      public boolean flush(long tag) {
        return (holding && held == Operation.FLUSH)
            ? waiting.add(() -> below.flush(tag))
            : below.flush(tag);
      }
    };
  }
}
