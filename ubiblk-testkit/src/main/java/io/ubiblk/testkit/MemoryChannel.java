package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A channel that uses every freedom that the contract leaves: nothing is started before it is
 * submitted, and then the requests are served in random order, some of them in this turn and some
 * in a later one.
 */
final class MemoryChannel implements BlockChannel {

  private final MemoryBlockDevice device;
  private final Reactor reactor;
  private final int depth;
  private final CompletionHandler completions;
  private final ReactorTask task;
  private final SeededRandom random;
  private final List<MemoryRequest> waiting = new ArrayList<>();
  private final List<MemoryRequest> started = new ArrayList<>();
  private final List<Runnable> closers = new ArrayList<>();
  private int inFlight;
  private boolean closed;
  private boolean finished;

  MemoryChannel(
      MemoryBlockDevice device, Reactor reactor, int depth, CompletionHandler completions) {
    this.device = device;
    this.reactor = reactor;
    this.depth = depth;
    this.completions = completions;
    this.task = reactor.task(this::work);
    this.random = new SeededRandom(device.options().seed());
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
    checkThread();
    started.addAll(waiting);
    waiting.clear();
    if (!started.isEmpty()) {
      task.schedule();
    }
  }

  @Override
  public void close(Runnable onClosed) {
    checkThread();
    closers.add(onClosed);
    if (!closed) {
      closed = true;
      device.channelClosing(this);
      for (MemoryRequest request : waiting) {
        request.refusal = Status.ECANCELED;
      }
      started.addAll(waiting);
      waiting.clear();
    }
    task.schedule();
  }

  /** Makes the channel look at its requests again. May be called on any thread. */
  void wake() {
    task.schedule();
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
    MemoryRequest request = new MemoryRequest(operation, offset, length, flags, data, tag);
    int refusal = device.check(request);
    if (refusal != Status.OK) {
      request.refusal = refusal;
    }
    device.accepted(request);
    waiting.add(request);
    inFlight++;
    return true;
  }

  private void work() {
    try {
      int count = started.isEmpty() ? 0 : random.between(1, started.size());
      for (int i = 0; i < count && !device.isSilent() && !started.isEmpty(); i++) {
        serveOne();
      }
      if (closed && inFlight == 0 && !device.isSilent()) {
        finish();
      }
    } finally {
      if (!device.isSilent() && !(started.isEmpty() && closers.isEmpty())) {
        task.schedule();
      }
    }
  }

  private void serveOne() {
    int index = random.below(started.size());
    MemoryRequest request = started.get(index);
    int status = device.serve(request);
    if (!device.delivering(request)) {
      return;
    }
    String complaint = request.tampering();
    if (complaint != null) {
      device.complain(request, complaint);
    }
    started.set(index, started.getLast());
    started.removeLast();
    inFlight--;
    completions.completed(request.tag, status);
  }

  private void finish() {
    if (!finished) {
      finished = true;
      device.channelClosed(this);
    }
    List<Runnable> callbacks = List.copyOf(closers);
    closers.clear();
    callbacks.forEach(Runnable::run);
  }

  private void checkThread() {
    if (!reactor.inReactor()) {
      throw new AssertionError("channel used on " + Thread.currentThread() + ", not its reactor's");
    }
  }
}
