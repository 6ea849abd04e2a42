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

/**
 * A channel of a {@link StatisticsDevice}: remembers of each request what it was and when it came.
 */
final class StatisticsChannel extends ForwardingBlockChannel implements FixedBufferChannel {

  private final StatisticsDevice device;
  private final Slots slots;
  private final @Nullable FixedBufferChannel fixed;

  private StatisticsChannel(StatisticsDevice device, BlockChannel delegate, Slots slots) {
    super(delegate);
    this.device = device;
    this.slots = slots;
    this.fixed = FixedBufferChannel.of(delegate);
  }

  static StatisticsChannel open(
      StatisticsDevice device,
      BlockDevice delegate,
      Reactor reactor,
      int depth,
      CompletionHandler completions,
      ChannelStatistics statistics)
      throws IOException {
    Slots slots = new Slots(reactor, depth, completions, statistics);
    return new StatisticsChannel(device, delegate.openChannel(reactor, depth, slots), slots);
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    int slot = slots.take(Operation.READ, dst.byteSize(), tag);
    return slot >= 0 && slots.keepIf(slot, delegate().read(offset, dst, slot));
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    int slot = slots.take(Operation.WRITE, src.byteSize(), tag);
    return slot >= 0 && slots.keepIf(slot, delegate().write(offset, src, flags, slot));
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
    int slot = slots.take(Operation.READ, length, tag);
    return slot >= 0 && slots.keepIf(slot, fixed.readFixed(offset, buffer, length, slot));
  }

  @Override
  public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
    if (fixed == null) {
      return false;
    }
    int slot = slots.take(Operation.WRITE, length, tag);
    return slot >= 0 && slots.keepIf(slot, fixed.writeFixed(offset, buffer, length, flags, slot));
  }

  @Override
  public boolean flush(long tag) {
    int slot = slots.take(Operation.FLUSH, 0, tag);
    return slot >= 0 && slots.keepIf(slot, delegate().flush(slot));
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    int slot = slots.take(Operation.DISCARD, length, tag);
    return slot >= 0 && slots.keepIf(slot, delegate().discard(offset, length, slot));
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    int slot = slots.take(Operation.WRITE_ZEROES, length, tag);
    return slot >= 0 && slots.keepIf(slot, delegate().writeZeroes(offset, length, flags, slot));
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    int slot = slots.take(Operation.PREFETCH, length, tag);
    return slot >= 0 && slots.keepIf(slot, delegate().prefetch(offset, length, slot));
  }

  @Override
  public void close(Runnable onClosed) {
    delegate()
        .close(
            () -> {
              device.closed(slots.statistics);
              onClosed.run();
            });
  }

  /** The requests in flight. */
  private static final class Slots implements CompletionHandler {
    private final Reactor reactor;
    private final CompletionHandler completions;
    private final ChannelStatistics statistics;
    private final OperationCounter[] counters;
    private final long[] tags;
    private final long[] bytes;
    private final long[] begun;
    private final int[] free;
    private int freeCount;

    Slots(Reactor reactor, int depth, CompletionHandler completions, ChannelStatistics statistics) {
      this.reactor = reactor;
      this.completions = completions;
      this.statistics = statistics;
      this.counters = new OperationCounter[depth];
      this.tags = new long[depth];
      this.bytes = new long[depth];
      this.begun = new long[depth];
      this.free = new int[depth];
      this.freeCount = depth;
      for (int i = 0; i < depth; i++) {
        free[i] = i;
      }
    }

    int take(Operation operation, long length, long tag) {
      if (freeCount == 0) {
        return -1;
      }
      int slot = free[--freeCount];
      counters[slot] = statistics.counter(operation);
      tags[slot] = tag;
      bytes[slot] = length;
      begun[slot] = reactor.nanoTime();
      return slot;
    }

    boolean keepIf(int slot, boolean accepted) {
      if (accepted) {
        counters[slot].begun();
      } else {
        free[freeCount++] = slot;
      }
      return accepted;
    }

    @Override
    public void completed(long tag, int status) {
      int slot = (int) tag;
      counters[slot].completed(bytes[slot], status, reactor.nanoTime() - begun[slot]);
      free[freeCount++] = slot;
      completions.completed(tags[slot], status);
    }
  }
}
