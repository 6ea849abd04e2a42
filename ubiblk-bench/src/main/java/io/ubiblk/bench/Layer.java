package io.ubiblk.bench;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.lazy.LazyDevice;
import io.ubiblk.core.lazy.LazyOptions;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import java.io.IOException;
import java.util.Arrays;

/** A device without content, bare or under one layer that has nothing to do for a request. */
public enum Layer {
  /** The device alone, which the others are measured against. */
  BARE,
  /** A layer that forwards every call. */
  FORWARDING,
  /** A layer that refuses changes. */
  READ_ONLY,
  /** A layer that counts requests and their times. */
  STATISTICS,
  /** A lazily filled disk that has been filled. */
  LAZY,
  /** The same, which also keeps track of what was written, and everything was. */
  LAZY_TRACKED;

  private static final long SIZE = 1L << 30;

  /**
   * Opens the device.
   *
   * @param loop the loop that the benchmark's thread turns
   * @return the device
   * @throws BlockDeviceException if it cannot be assembled
   */
  public BlockDevice open(EventLoop loop) throws BlockDeviceException {
    BlockDevice bare = new NullDevice(SIZE);
    return switch (this) {
      case BARE -> bare;
      case FORWARDING -> new Forwarding(bare);
      case READ_ONLY -> new ReadOnlyDevice(bare);
      case STATISTICS -> new StatisticsDevice(bare);
      case LAZY -> filled(bare, loop, false);
      case LAZY_TRACKED -> filled(bare, loop, true);
    };
  }

  private static LazyDevice filled(BlockDevice data, EventLoop loop, boolean track)
      throws BlockDeviceException {
    int shift = MetadataLayout.DEFAULT_SHIFT;
    long stripes = MetadataLayout.stripes(SIZE, shift);
    byte[] headers = new byte[Math.toIntExact(stripes)];
    Arrays.fill(
        headers, (byte) (StripeHeader.FETCHED | StripeHeader.WRITTEN | StripeHeader.HAS_SOURCE));
    return LazyDevice.assemble(
        data,
        new NullDevice(MetadataLayout.fileSize(stripes)),
        StripeMetadata.of(shift, headers),
        null,
        loop,
        LazyOptions.DEFAULT.withTrackWritten(track));
  }

  /** The least that a decorator does. */
  private static final class Forwarding extends ForwardingBlockDevice {
    Forwarding(BlockDevice delegate) {
      super(delegate);
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      return new Channel(delegate().openChannel(reactor, depth, completions));
    }

    private static final class Channel extends ForwardingBlockChannel {
      Channel(BlockChannel delegate) {
        super(delegate);
      }
    }
  }
}
