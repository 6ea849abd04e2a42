package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import java.io.IOException;

/** Says of flushes that they succeeded and does nothing, on channels that some reactor opens. */
final class FlushSwallower extends ForwardingBlockDevice {

  private final boolean ofHome;
  private final Reactor home;

  /**
   * Wraps a device.
   *
   * @param home the reactor that the work on stripes is done on
   * @param ofHome whether to swallow its flushes, or those of all others
   */
  FlushSwallower(BlockDevice delegate, Reactor home, boolean ofHome) {
    super(delegate);
    this.home = home;
    this.ofHome = ofHome;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    BlockChannel below = delegate().openChannel(reactor, depth, completions);
    return (reactor == home) == ofHome
        ? new Swallowing(below, new DeferredCompletions(reactor, completions, depth))
        : below;
  }

  private static final class Swallowing extends ForwardingBlockChannel {
    private final DeferredCompletions completions;

    Swallowing(BlockChannel delegate, DeferredCompletions completions) {
      super(delegate);
      this.completions = completions;
    }

    @Override
    public boolean flush(long tag) {
      completions.add(tag, Status.OK);
      return true;
    }
  }
}
