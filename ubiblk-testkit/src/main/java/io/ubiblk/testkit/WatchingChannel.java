package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The base of channels that look at every request and every completion. Keeps a slot for each
 * request in flight, whose number is the request's tag below.
 */
abstract class WatchingChannel implements BlockChannel {

  /** A place for one request in flight. */
  static final class Slot {
    final int number;
    RequestEvent event = new RequestEvent(Operation.FLUSH, 0, 0, 0);
    long tag;
    private @Nullable ScatterList data;

    Slot(int number) {
      this.number = number;
    }

    ScatterList data() {
      return data == null ? new ScatterList() : data;
    }
  }

  private final Reactor reactor;
  private final BlockChannel delegate;
  private final CompletionHandler completions;
  private final Slot[] free;
  private final Slot[] slots;
  private final int depth;
  private int inFlight;
  private boolean closed;

  WatchingChannel(BlockDevice device, Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    this.reactor = reactor;
    this.delegate = device.openChannel(reactor, depth, this::completed);
    this.completions = completions;
    this.depth = depth;
    this.slots = new Slot[depth];
    this.free = new Slot[depth];
    for (int i = 0; i < depth; i++) {
      slots[i] = new Slot(i);
      free[i] = slots[i];
    }
  }

  /** A request was accepted. If this throws, it was not, and nothing knows of it. */
  abstract void issued(Slot slot);

  /** The device below has completed a request. */
  abstract void completedBelow(Slot slot, int status);

  final BlockChannel delegate() {
    return delegate;
  }

  final int inFlight() {
    return inFlight;
  }

  final boolean isClosed() {
    return closed;
  }

  /** Hands a request to the device below, which has room for it. */
  final void pass(Slot slot) {
    RequestEvent e = slot.event;
    boolean accepted =
        switch (e.operation()) {
          case READ -> delegate.read(e.offset(), slot.data(), slot.number);
          case WRITE -> delegate.write(e.offset(), slot.data(), e.flags(), slot.number);
          case FLUSH -> delegate.flush(slot.number);
          case DISCARD -> delegate.discard(e.offset(), e.length(), slot.number);
          case WRITE_ZEROES -> delegate.writeZeroes(e.offset(), e.length(), e.flags(), slot.number);
          case PREFETCH -> delegate.prefetch(e.offset(), e.length(), slot.number);
        };
    if (!accepted) {
      throw new AssertionError(delegate + " has refused " + e + " though it has room");
    }
  }

  /** Delivers a completion. */
  final void deliver(Slot slot, int status) {
    giveBack(slot);
    completions.completed(slot.tag, status);
  }

  private void giveBack(Slot slot) {
    slot.data = null;
    free[depth - inFlight] = slot;
    inFlight--;
  }

  private void completed(long number, int status) {
    completedBelow(slots[(int) number], status);
  }

  private boolean accept(
      Operation operation,
      long offset,
      long length,
      int flags,
      @Nullable ScatterList data,
      long tag) {
    checkThread();
    if (closed || inFlight == depth) {
      return false;
    }
    inFlight++;
    Slot slot = free[depth - inFlight];
    slot.event = new RequestEvent(operation, offset, length, flags);
    slot.tag = tag;
    slot.data = data;
    try {
      issued(slot);
    } catch (RuntimeException | Error e) {
      // The caller learns that the request was not accepted, and so must the table.
      giveBack(slot);
      throw e;
    }
    return true;
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    return accept(Operation.READ, offset, dst.byteSize(), IoFlags.NONE, dst, tag);
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    return accept(Operation.WRITE, offset, src.byteSize(), flags, src, tag);
  }

  @Override
  public boolean flush(long tag) {
    return accept(Operation.FLUSH, 0, 0, IoFlags.NONE, null, tag);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    return accept(Operation.DISCARD, offset, length, IoFlags.NONE, null, tag);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    return accept(Operation.WRITE_ZEROES, offset, length, flags, null, tag);
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    return accept(Operation.PREFETCH, offset, length, IoFlags.NONE, null, tag);
  }

  @Override
  public void submit() {
    delegate.submit();
  }

  /** Accepts nothing from now on; returns whether it did before. */
  final boolean markClosed() {
    checkThread();
    boolean first = !closed;
    closed = true;
    return first;
  }

  private void checkThread() {
    if (!reactor.inReactor()) {
      throw new AssertionError("channel used on " + Thread.currentThread() + ", not its reactor's");
    }
  }
}
