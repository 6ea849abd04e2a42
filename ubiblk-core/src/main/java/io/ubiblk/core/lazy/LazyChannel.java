package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A channel of a {@link LazyDevice}. A request whose stripes are all on the disk passes straight to
 * the data device, and its completion straight to the caller; any other is held. Straight requests,
 * flushes, and those that held requests make use channels of the data device of their own, so that
 * their tags never mix.
 */
final class LazyChannel implements FixedBufferChannel {

  private final LazyDevice device;
  private final StripeMap map;
  private final boolean tracked;
  private final boolean discards;
  private final boolean zeroes;
  private final int refusedFlags;
  private final Reactor reactor;
  private final CompletionHandler completions;
  private final BlockChannel straight;
  private final @Nullable FixedBufferChannel fixed;
  private final BlockChannel flushes;
  private final BlockChannel internal;
  private final DeferredCompletions deferred;
  private final ReactorTask finishClosing;
  private final @Nullable HeldRequest[] held;
  private final @Nullable HeldRead[] reads;
  private final int[] free;
  private final ChannelClosing closing;
  private final ImageReads image;
  private int freeCount;
  private boolean inCall;
  private int losses;

  LazyChannel(LazyDevice device, Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    this.device = device;
    this.map = device.map();
    this.losses = device.coordinator().failedFlushes().told();
    this.tracked = device.options().trackWritten();
    this.reactor = reactor;
    this.completions = completions;
    Set<Capability> able = device.data().capabilities();
    this.discards = able.contains(Capability.DISCARD);
    this.zeroes = able.contains(Capability.WRITE_ZEROES);
    this.refusedFlags = able.contains(Capability.FUA) ? 0 : IoFlags.FUA;
    List<BlockChannel> opened = new ArrayList<>();
    try {
      opened.add(device.data().openChannel(reactor, depth, completions));
      opened.add(device.data().openChannel(reactor, depth, this::flushed));
      opened.add(device.data().openChannel(reactor, depth, this::completed));
    } catch (IOException | RuntimeException e) {
      opened.forEach(channel -> channel.close(() -> {}));
      throw e;
    }
    this.straight = opened.get(0);
    this.fixed = FixedBufferChannel.of(straight);
    this.flushes = opened.get(1);
    this.internal = opened.get(2);
    this.deferred = new DeferredCompletions(reactor, completions, 4);
    this.finishClosing = reactor.task(this::finishClosing);
    this.closing = new ChannelClosing(device.channels());
    this.image =
        new ImageReads(
            device.source(),
            !device.options().copyOnRead(),
            reactor,
            depth,
            this::completed,
            this::imageClosed);
    this.held = new HeldRequest[depth];
    this.reads = new HeldRead[depth];
    this.free = new int[depth];
    for (int slot = 0; slot < depth; slot++) {
      free[slot] = depth - 1 - slot;
    }
    this.freeCount = depth;
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    long length = dst.byteSize();
    if (passes(device.geometry().checkTransfer(offset, length), length)
        || map.areReady(offset, length)) {
      return !closing.hasBegun() && straight.read(offset, dst, tag);
    }
    if (!hasRoom()) {
      return false;
    }
    HeldRead request = nextRead();
    request.begin(offset, dst, tag);
    hold(request);
    return true;
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    long length = src.byteSize();
    if (passes(device.geometry().checkTransfer(offset, length), length)
        || IoFlags.checkWrite(flags) != Status.OK
        || (flags & refusedFlags) != 0
        || mayChange(offset, length)) {
      return !closing.hasBegun() && straight.write(offset, src, flags, tag);
    }
    return holdChange(Operation.WRITE, offset, length, src, flags, tag);
  }

  @Override
  public boolean takesFixedBuffers() {
    return fixed != null;
  }

  @Override
  public boolean readFixed(long offset, int buffer, long length, long tag) {
    return fixed != null
        && !passes(device.geometry().checkTransfer(offset, length), length)
        && map.areReady(offset, length)
        && !closing.hasBegun()
        && fixed.readFixed(offset, buffer, length, tag);
  }

  @Override
  public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
    return fixed != null
        && !passes(device.geometry().checkTransfer(offset, length), length)
        && mayChange(offset, length)
        && !closing.hasBegun()
        && fixed.writeFixed(offset, buffer, length, flags, tag);
  }

  @Override
  public boolean flush(long tag) {
    return !closing.hasBegun() && flushes.flush(tag);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    if (passes(device.geometry().check(offset, length), length)
        || !discards
        || (tracked ? map.areReadyForDiscard(offset, length) : map.areReady(offset, length))) {
      return !closing.hasBegun() && straight.discard(offset, length, tag);
    }
    return holdChange(Operation.DISCARD, offset, length, HeldChange.NO_DATA, 0, tag);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    if (passes(device.geometry().check(offset, length), length)
        || !zeroes
        || IoFlags.checkWriteZeroes(flags) != Status.OK
        || (flags & refusedFlags) != 0
        || mayChange(offset, length)) {
      return !closing.hasBegun() && straight.writeZeroes(offset, length, flags, tag);
    }
    return holdChange(Operation.WRITE_ZEROES, offset, length, HeldChange.NO_DATA, flags, tag);
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    if (passes(device.geometry().check(offset, length), length) || map.areReady(offset, length)) {
      return !closing.hasBegun() && straight.prefetch(offset, length, tag);
    }
    if (!hasRoom()) {
      return false;
    }
    hold(new HeldPrefetch(this, offset, length, tag));
    return true;
  }

  @Override
  public void submit() {
    straight.submit();
    flushes.submit();
    internal.submit();
  }

  @Override
  public void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (closing.begin(whenClosed)) {
      for (HeldRequest request : held) {
        if (request != null) {
          request.cancel();
        }
      }
    }
    finishClosing.schedule();
  }

  Reactor reactor() {
    return reactor;
  }

  StripeMap map() {
    return map;
  }

  Coordinator coordinator() {
    return device.coordinator();
  }

  ImageReads image() {
    return image;
  }

  /** Whether a request of the image was given up, but may be made in another way. */
  boolean lostImage(int status) {
    return image.wasLost(status) && !closing.hasBegun();
  }

  /** Whether ranges of the data device can be zeroed. */
  boolean writesZeroes() {
    return zeroes;
  }

  /** Makes a request of the data device or the image for a held read. */
  void read(HeldRequest request, boolean fromImage, ScatterList part) {
    if (fromImage) {
      image.read(request.at(), part, request.slot);
    } else {
      boolean accepted = internal.read(request.at(), part, request.slot);
      assert accepted : "a held request has one request below at most";
      internal.submit();
    }
  }

  /** Makes a held change's request of the data device. */
  void change(HeldChange request, long from, long to) {
    boolean accepted =
        switch (request.operation) {
          case WRITE -> internal.write(from, request.data(), request.flags(), request.slot);
          case WRITE_ZEROES -> internal.writeZeroes(from, to - from, request.flags(), request.slot);
          // What lies under a stripe that was never fetched is nobody's content: a discard must not
          // uncover it.
          default ->
              request.replacesStripes()
                  ? internal.writeZeroes(from, to - from, 0, request.slot)
                  : internal.discard(from, to - from, request.slot);
        };
    assert accepted : "a held request has one request below at most";
    internal.submit();
  }

  /** Ends a held request. */
  void finish(HeldRequest request, int status) {
    long tag = request.tag();
    held[request.slot] = null;
    free[freeCount++] = request.slot;
    request.release();
    if (inCall) {
      deferred.add(tag, status);
    } else {
      completions.completed(tag, status);
    }
    if (closing.hasBegun()) {
      finishClosing.schedule();
    }
  }

  /** Whether a request needs no stripe: the data device refuses it, or has nothing to do. */
  private static boolean passes(int status, long length) {
    return status != Status.OK || length == 0;
  }

  private boolean mayChange(long offset, long length) {
    return tracked ? map.areReadyAndWritten(offset, length) : map.areReady(offset, length);
  }

  private boolean holdChange(
      Operation operation, long offset, long length, ScatterList data, int flags, long tag) {
    if (!hasRoom()) {
      return false;
    }
    hold(new HeldChange(this, operation, offset, length, data, flags, tag));
    return true;
  }

  private boolean hasRoom() {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    return !closing.hasBegun() && freeCount > 0;
  }

  /** The object for a read in the slot that is taken next. */
  private HeldRead nextRead() {
    int slot = free[freeCount - 1];
    HeldRead read = reads[slot];
    if (read == null) {
      read = new HeldRead(this);
      reads[slot] = read;
    }
    return read;
  }

  /** Takes a slot for a request, and begins with it; there is room. */
  private void hold(HeldRequest request) {
    int slot = free[--freeCount];
    request.slot = slot;
    held[slot] = request;
    inCall = true;
    try {
      request.advance();
    } finally {
      inCall = false;
    }
  }

  private void completed(long tag, int status) {
    HeldRequest request = held[(int) tag];
    assert request != null;
    request.completed(status);
  }

  /**
   * Takes the outcome of a flush. One that failed, here or in the course of fetching, concerns both
   * sides: no later flush makes up for it. Every channel tells of it, because its flushes cover
   * what others wrote.
   */
  private void flushed(long tag, int status) {
    Coordinator coordinator = device.coordinator();
    int outcome = status;
    FailedFlushes failed = coordinator.failedFlushes();
    int now = failed.ours();
    if (now != losses) {
      losses = now;
      failed.tell(now);
      outcome = status == Status.OK ? failed.statusOfOurs() : status;
    }
    if (status != Status.OK) {
      coordinator.execute(() -> coordinator.flushFailed(status));
    }
    completions.completed(tag, outcome);
  }

  private void imageClosed() {
    if (closing.hasBegun()) {
      finishClosing.schedule();
    }
  }

  private void finishClosing() {
    if (deferred.size() > 0) {
      finishClosing.schedule();
    } else if (freeCount == held.length && image.close()) {
      straight.close(() -> flushes.close(() -> internal.close(() -> closing.end(() -> {}))));
    }
  }
}
