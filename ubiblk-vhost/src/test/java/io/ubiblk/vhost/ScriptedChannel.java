package io.ubiblk.vhost;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A channel of a {@link ScriptedDevice}. */
final class ScriptedChannel implements BlockChannel {

  /** Starts a request on the channel below. */
  private interface Start {
    boolean run();
  }

  private record Held(long tag, boolean cancellable, Start start) {}

  private final ScriptedDevice device;
  private final Reactor reactor;
  private final int depth;
  private final CompletionHandler completions;
  private final BlockChannel below;
  private final DeferredCompletions deferred;
  private final ReactorTask finish;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final List<Runnable> onClosed = new ArrayList<>();
  private volatile int heldCount;
  private int inFlight;
  private boolean closing;

  ScriptedChannel(ScriptedDevice device, Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    this.device = device;
    this.reactor = reactor;
    this.depth = depth;
    this.completions = completions;
    this.below = device.delegate().openChannel(reactor, depth, this::completed);
    this.deferred = new DeferredCompletions(reactor, this::completed, 16);
    this.finish = reactor.task(this::finishClosing);
  }

  int heldCount() {
    return heldCount;
  }

  /** Lets go what is held. Any thread. */
  void release() {
    reactor.execute(
        () -> {
          while (!held.isEmpty()) {
            held.remove().start().run();
          }
          heldCount = 0;
          below.submit();
          finish.schedule();
        });
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    return take(
        new ScriptedDevice.Request(Operation.READ, offset, dst.byteSize(), 0),
        tag,
        () -> below.read(offset, dst, tag));
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    return take(
        new ScriptedDevice.Request(Operation.WRITE, offset, src.byteSize(), flags),
        tag,
        () -> below.write(offset, src, IoFlags.NONE, tag));
  }

  @Override
  public boolean flush(long tag) {
    return take(new ScriptedDevice.Request(Operation.FLUSH, 0, 0, 0), tag, () -> below.flush(tag));
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    return take(
        new ScriptedDevice.Request(Operation.DISCARD, offset, length, 0),
        tag,
        () -> below.discard(offset, length, tag));
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    return take(
        new ScriptedDevice.Request(Operation.WRITE_ZEROES, offset, length, flags),
        tag,
        () -> below.writeZeroes(offset, length, IoFlags.NONE, tag));
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    return take(
        new ScriptedDevice.Request(Operation.PREFETCH, offset, length, 0),
        tag,
        () -> below.prefetch(offset, length, tag));
  }

  @Override
  public void submit() {
    below.submit();
  }

  @Override
  public void close(Runnable whenClosed) {
    onClosed.add(whenClosed);
    closing = true;
    held.removeIf(
        h -> {
          if (h.cancellable()) {
            deferred.add(h.tag(), Status.ECANCELED);
          }
          return h.cancellable();
        });
    heldCount = held.size();
    finish.schedule();
  }

  private boolean take(ScriptedDevice.Request request, long tag, Start start) {
    if (closing || inFlight >= Math.min(depth, device.depth())) {
      return false;
    }
    boolean hold = device.arrives(request);
    int status = device.outcome(request);
    Start started =
        status == Status.OK
            ? start
            : () -> {
              deferred.add(tag, status);
              return true;
            };
    inFlight++;
    if (hold) {
      held.add(new Held(tag, device.isCancellable(), started));
      heldCount = held.size();
      return true;
    }
    return started.run();
  }

  private void completed(long tag, int status) {
    inFlight--;
    completions.completed(tag, status);
  }

  private void finishClosing() {
    if (!closing || !held.isEmpty()) {
      return;
    }
    if (deferred.size() > 0) {
      finish.schedule();
      return;
    }
    List<Runnable> callbacks = List.copyOf(onClosed);
    onClosed.clear();
    device.closed(this);
    below.close(() -> callbacks.forEach(Runnable::run));
  }
}
