package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;

/**
 * A sound decorator that does something: reads and writes of several blocks go down in two halves.
 */
final class SplittingBlockDevice extends ForwardingBlockDevice {

  SplittingBlockDevice(BlockDevice delegate) {
    super(delegate);
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    Parts parts = new Parts(depth, completions);
    return new Channel(
        this, delegate().openChannel(reactor, 2 * depth, parts::partCompleted), parts);
  }

  /** The requests in flight, and how many of their parts are missing. */
  private static final class Parts {
    private final CompletionHandler completions;
    private final long[] tags;
    private final int[] missing;
    private final int[] statuses;

    Parts(int depth, CompletionHandler completions) {
      this.completions = completions;
      this.tags = new long[depth];
      this.missing = new int[depth];
      this.statuses = new int[depth];
    }

    int take(long tag, int parts) {
      for (int i = 0; i < tags.length; i++) {
        if (missing[i] == 0) {
          tags[i] = tag;
          missing[i] = parts;
          statuses[i] = Status.OK;
          return i;
        }
      }
      return -1;
    }

    void partCompleted(long slot, int status) {
      int i = (int) slot;
      if (status != Status.OK) {
        statuses[i] = status;
      }
      if (--missing[i] == 0) {
        completions.completed(tags[i], statuses[i]);
      }
    }
  }

  private static final class Channel extends ForwardingBlockChannel {
    private final SplittingBlockDevice device;
    private final Parts parts;
    private boolean closed;

    Channel(SplittingBlockDevice device, BlockChannel delegate, Parts parts) {
      super(delegate);
      this.device = device;
      this.parts = parts;
    }

    private interface Part {
      boolean issue(long slot);
    }

    private boolean one(long tag, Part part) {
      int slot = closed ? -1 : parts.take(tag, 1);
      return slot >= 0 && part.issue(slot);
    }

    private boolean split(long offset, ScatterList data, long tag, boolean read, int flags) {
      Geometry geometry = device.geometry();
      long half = data.byteSize() / 2 / geometry.logicalBlockSize() * geometry.logicalBlockSize();
      boolean whole = half == 0 || geometry.checkTransfer(offset, data.byteSize()) != Status.OK;
      if (whole) {
        return one(
            tag,
            slot -> read ? super.read(offset, data, slot) : super.write(offset, data, flags, slot));
      }
      int slot = closed ? -1 : parts.take(tag, 2);
      if (slot < 0) {
        return false;
      }
      ScatterList first = new ScatterList();
      first.addRange(data, 0, half);
      ScatterList second = new ScatterList();
      second.addRange(data, half, data.byteSize() - half);
      return read
          ? super.read(offset, first, slot) && super.read(offset + half, second, slot)
          : super.write(offset, first, flags, slot)
              && super.write(offset + half, second, flags, slot);
    }

    @Override
    public boolean read(long offset, ScatterList dst, long tag) {
      return split(offset, dst, tag, true, 0);
    }

    @Override
    public boolean write(long offset, ScatterList src, int flags, long tag) {
      return split(offset, src, tag, false, flags);
    }

    @Override
    public boolean flush(long tag) {
      return one(tag, super::flush);
    }

    @Override
    public boolean discard(long offset, long length, long tag) {
      return one(tag, slot -> super.discard(offset, length, slot));
    }

    @Override
    public boolean writeZeroes(long offset, long length, int flags, long tag) {
      return one(tag, slot -> super.writeZeroes(offset, length, flags, slot));
    }

    @Override
    public boolean prefetch(long offset, long length, long tag) {
      return one(tag, slot -> super.prefetch(offset, length, slot));
    }

    @Override
    public void close(Runnable onClosed) {
      super.close(onClosed);
      closed = true;
    }
  }
}
