package io.ubiblk.core.layer;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A channel of a {@link QueueTrackingDevice}: gives each request a slot of its tracker. */
final class QueueTrackingChannel extends ForwardingBlockChannel implements FixedBufferChannel {

  private final QueueTrackingDevice device;
  private final Slots slots;
  private final @Nullable FixedBufferChannel fixed;
  private boolean released;

  private QueueTrackingChannel(QueueTrackingDevice device, BlockChannel delegate, Slots slots) {
    super(delegate);
    this.device = device;
    this.slots = slots;
    this.fixed = FixedBufferChannel.of(delegate);
  }

  static QueueTrackingChannel open(
      QueueTrackingDevice device,
      BlockDevice delegate,
      Reactor reactor,
      int depth,
      CompletionHandler completions,
      QueueTracker tracker)
      throws IOException {
    Slots slots = new Slots(reactor, depth, completions, tracker);
    BlockChannel channel = delegate.openChannel(reactor, depth, slots);
    tracker.open(depth, reactor::nanoTime);
    return new QueueTrackingChannel(device, channel, slots);
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    int slot = slots.take(tag);
    // The list belongs to the device below as soon as that has accepted the request.
    long length = dst.byteSize();
    return slot >= 0
        && slots.keepIf(delegate().read(offset, dst, slot), slot, Operation.READ, offset, length);
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    int slot = slots.take(tag);
    long length = src.byteSize();
    return slot >= 0
        && slots.keepIf(
            delegate().write(offset, src, flags, slot), slot, Operation.WRITE, offset, length);
  }

  @Override
  public boolean takesFixedBuffers() {
    return fixed != null;
  }

  @Override
  public boolean readFixed(long offset, int buffer, long length, long tag) {
    if (fixed == null) {
      return false;
    }
    int slot = slots.take(tag);
    return slot >= 0
        && slots.keepIf(
            fixed.readFixed(offset, buffer, length, slot), slot, Operation.READ, offset, length);
  }

  @Override
  public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
    if (fixed == null) {
      return false;
    }
    int slot = slots.take(tag);
    return slot >= 0
        && slots.keepIf(
            fixed.writeFixed(offset, buffer, length, flags, slot),
            slot,
            Operation.WRITE,
            offset,
            length);
  }

  @Override
  public boolean flush(long tag) {
    int slot = slots.take(tag);
    return slot >= 0 && slots.keepIf(delegate().flush(slot), slot, Operation.FLUSH, 0, 0);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    int slot = slots.take(tag);
    return slot >= 0
        && slots.keepIf(delegate().discard(offset, length, slot), slot, null, offset, length);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    int slot = slots.take(tag);
    return slot >= 0
        && slots.keepIf(
            delegate().writeZeroes(offset, length, flags, slot), slot, null, offset, length);
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    int slot = slots.take(tag);
    return slot >= 0
        && slots.keepIf(delegate().prefetch(offset, length, slot), slot, null, offset, length);
  }

  @Override
  public void close(Runnable onClosed) {
    delegate()
        .close(
            () -> {
              if (!released) {
                released = true;
                device.release(slots.tracker);
              }
              onClosed.run();
            });
  }

  /** The requests in flight. */
  private static final class Slots implements CompletionHandler {
    private final Reactor reactor;
    private final CompletionHandler completions;
    private final QueueTracker tracker;
    private final long[] tags;
    private final int[] free;
    private int freeCount;

    Slots(Reactor reactor, int depth, CompletionHandler completions, QueueTracker tracker) {
      this.reactor = reactor;
      this.completions = completions;
      this.tracker = tracker;
      this.tags = new long[depth];
      this.free = new int[depth];
      this.freeCount = depth;
      for (int i = 0; i < depth; i++) {
        free[i] = depth - 1 - i;
      }
    }

    int take(long tag) {
      if (freeCount == 0) {
        return -1;
      }
      int slot = free[--freeCount];
      tags[slot] = tag;
      return slot;
    }

    boolean keepIf(
        boolean accepted, int slot, @Nullable Operation operation, long offset, long length) {
      if (accepted) {
        tracker.begin(slot, operation, offset, length, reactor.nanoTime());
      } else {
        free[freeCount++] = slot;
      }
      return accepted;
    }

    @Override
    public void completed(long tag, int status) {
      int slot = (int) tag;
      tracker.end(slot);
      free[freeCount++] = slot;
      completions.completed(tags[slot], status);
    }
  }
}
