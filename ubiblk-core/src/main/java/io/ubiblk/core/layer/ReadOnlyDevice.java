package io.ubiblk.core.layer;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;
import io.ubiblk.core.io.ClosingOnce;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A device that cannot be changed through this layer: every change is refused with {@code EROFS}.
 */
public final class ReadOnlyDevice extends ForwardingBlockDevice {

  private final OpenChannels channels = new OpenChannels();
  private final ClosingOnce closing = new ClosingOnce();

  /**
   * Creates the layer.
   *
   * @param delegate the device to protect, owned by this one from now on
   */
  public ReadOnlyDevice(BlockDevice delegate) {
    super(delegate);
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of();
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    channels.opened(this);
    try {
      BlockChannel inner = delegate().openChannel(reactor, depth, completions);
      return new Channel(channels, inner, reactor, completions);
    } catch (IOException | RuntimeException | Error e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  @Override
  public void resize(long size) throws IOException {
    channels.requireOpen(this);
    Geometry present = geometry();
    present.requireGrowth(size);
    if (size > present.size()) {
      throw new BlockDeviceException.Unsupported(this + " is read-only and cannot grow");
    }
  }

  /**
   * Waits for refusals that have not been delivered yet, of which the layer below knows nothing.
   */
  @Override
  public void close() throws IOException {
    closing.run(
        () -> {
          channels.close(this);
          super.close();
        });
  }

  private static final class Channel extends ForwardingBlockChannel implements FixedBufferChannel {
    private final Reactor reactor;
    private final DeferredCompletions refused;
    private final ReactorTask finish;
    private final ChannelClosing closing;
    private final @Nullable FixedBufferChannel fixed;

    Channel(
        OpenChannels channels,
        BlockChannel delegate,
        Reactor reactor,
        CompletionHandler completions) {
      super(delegate);
      this.fixed = FixedBufferChannel.of(delegate);
      this.reactor = reactor;
      this.refused = new DeferredCompletions(reactor, completions, 16);
      this.finish = reactor.task(this::finishClosing);
      this.closing = new ChannelClosing(channels);
    }

    @Override
    public boolean read(long offset, ScatterList dst, long tag) {
      return !closing.hasBegun() && delegate().read(offset, dst, tag);
    }

    @Override
    public boolean write(long offset, ScatterList src, int flags, long tag) {
      return refuse(tag);
    }

    @Override
    public boolean takesFixedBuffers() {
      return fixed != null;
    }

    @Override
    public boolean readFixed(long offset, int buffer, long length, long tag) {
      return fixed != null && !closing.hasBegun() && fixed.readFixed(offset, buffer, length, tag);
    }

    @Override
    public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
      return refuse(tag);
    }

    @Override
    public boolean flush(long tag) {
      return !closing.hasBegun() && delegate().flush(tag);
    }

    @Override
    public boolean discard(long offset, long length, long tag) {
      return refuse(tag);
    }

    @Override
    public boolean writeZeroes(long offset, long length, int flags, long tag) {
      return refuse(tag);
    }

    @Override
    public boolean prefetch(long offset, long length, long tag) {
      return !closing.hasBegun() && delegate().prefetch(offset, length, tag);
    }

    @Override
    public void close(Runnable whenClosed) {
      assert reactor.inReactor() : "channel used outside of its reactor's thread";
      closing.begin(whenClosed);
      delegate().close(this::finishClosing);
    }

    private boolean refuse(long tag) {
      assert reactor.inReactor() : "channel used outside of its reactor's thread";
      if (!closing.hasBegun()) {
        refused.add(tag, Status.EROFS);
      }
      return !closing.hasBegun();
    }

    /** The layer below has finished, but refusals may still have to be delivered. */
    private void finishClosing() {
      if (refused.size() > 0) {
        finish.schedule();
      } else {
        closing.end(() -> {});
      }
    }
  }
}
