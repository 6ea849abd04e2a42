package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
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
final class LazyChannel implements BlockChannel {

  private final LazyDevice device;
  private final StripeMap map;
  private final boolean tracked;
  private final boolean discards;
  private final boolean zeroes;
  private final int refusedFlags;
  private final Reactor reactor;
  private final CompletionHandler completions;
  private final BlockChannel straight;
  private final BlockChannel flushes;
  private final BlockChannel internal;
  private final DeferredCompletions deferred;
  private final ReactorTask finishClosing;
  private final @Nullable HeldRequest[] held;
  private final int[] free;
  private final List<Runnable> onClosed = new ArrayList<>();
  private final Runnable dropImage = this::imageIsNotNeeded;
  private @Nullable BlockChannel image;
  private int freeCount;
  private long imageSize;
  private boolean imageRefused;
  private boolean imageClosing;
  private boolean inCall;
  private int losses;
  private boolean closing;
  private boolean layersClosing;

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
    this.flushes = opened.get(1);
    this.internal = opened.get(2);
    this.deferred = new DeferredCompletions(reactor, completions, 4);
    this.finishClosing = reactor.task(this::finishClosing);
    this.held = new HeldRequest[depth];
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
      return !closing && straight.read(offset, dst, tag);
    }
    return hold(new HeldRead(this, offset, dst, tag));
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    long length = src.byteSize();
    if (passes(device.geometry().checkTransfer(offset, length), length)
        || IoFlags.checkWrite(flags) != Status.OK
        || (flags & refusedFlags) != 0
        || mayChange(offset, length)) {
      return !closing && straight.write(offset, src, flags, tag);
    }
    return hold(new HeldChange(this, Operation.WRITE, offset, length, src, flags, tag));
  }

  @Override
  public boolean flush(long tag) {
    return !closing && flushes.flush(tag);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    if (passes(device.geometry().check(offset, length), length)
        || !discards
        || (tracked ? map.areReadyForDiscard(offset, length) : map.areReady(offset, length))) {
      return !closing && straight.discard(offset, length, tag);
    }
    return hold(
        new HeldChange(this, Operation.DISCARD, offset, length, new ScatterList(1), 0, tag));
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    if (passes(device.geometry().check(offset, length), length)
        || !zeroes
        || IoFlags.checkWriteZeroes(flags) != Status.OK
        || (flags & refusedFlags) != 0
        || mayChange(offset, length)) {
      return !closing && straight.writeZeroes(offset, length, flags, tag);
    }
    return hold(
        new HeldChange(
            this, Operation.WRITE_ZEROES, offset, length, new ScatterList(1), flags, tag));
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    if (passes(device.geometry().check(offset, length), length) || map.areReady(offset, length)) {
      return !closing && straight.prefetch(offset, length, tag);
    }
    return hold(new HeldPrefetch(this, offset, length, tag));
  }

  @Override
  public void submit() {
    straight.submit();
    flushes.submit();
    internal.submit();
    if (image != null) {
      image.submit();
    }
  }

  @Override
  public void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    onClosed.add(whenClosed);
    if (!closing) {
      closing = true;
      device.channels().closing();
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

  /** Whether what is not on the disk is read from the image. */
  boolean readsImage() {
    if (device.options().copyOnRead() || imageRefused) {
      return false;
    }
    if (image == null) {
      image = openImage();
      imageRefused = image == null;
    }
    return image != null;
  }

  /** Whether a request of the image was given up because the image is not needed any more. */
  boolean lostImage(int status) {
    return status == Status.ECANCELED && imageRefused && !closing;
  }

  /** Whether ranges of the data device can be zeroed. */
  boolean writesZeroes() {
    return zeroes;
  }

  /** Where the image ends, in bytes. */
  long imageSize() {
    return imageSize;
  }

  /** Makes a request of the data device or the image for a held read. */
  void read(HeldRequest request, boolean fromImage, long offset, ScatterList part) {
    BlockChannel target = fromImage ? image : internal;
    if (target == null) {
      // The image was dropped because everything has been fetched.
      request.advance();
      return;
    }
    boolean accepted = target.read(offset, part, request.slot);
    assert accepted : "a held request has one request below at most";
    target.submit();
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
    held[request.slot] = null;
    free[freeCount++] = request.slot;
    if (inCall) {
      deferred.add(request.tag(), status);
    } else {
      completions.completed(request.tag(), status);
    }
    if (closing) {
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

  private boolean hold(HeldRequest request) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (closing || freeCount == 0) {
      return false;
    }
    int slot = free[--freeCount];
    request.slot = slot;
    held[slot] = request;
    inCall = true;
    try {
      request.advance();
    } finally {
      inCall = false;
    }
    return true;
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

  private @Nullable BlockChannel openImage() {
    BlockDevice source = device.source().useImage(dropImage);
    if (source == null) {
      return null;
    }
    try {
      imageSize = source.geometry().size();
      return source.openChannel(reactor, held.length, this::completed);
    } catch (IOException e) {
      device.source().releaseImage(dropImage);
      return null;
    }
  }

  /** Everything has been fetched. Any thread. */
  private void imageIsNotNeeded() {
    reactor.execute(this::closeImage);
  }

  private void closeImage() {
    BlockChannel open = image;
    imageRefused = true;
    if (open != null) {
      image = null;
      imageClosing = true;
      open.close(this::imageClosed);
    }
  }

  private void imageClosed() {
    imageClosing = false;
    reactor.blocking().execute(() -> device.source().releaseImage(dropImage));
    if (closing) {
      finishClosing.schedule();
    }
  }

  private void finishClosing() {
    if (freeCount < held.length || deferred.size() > 0) {
      if (deferred.size() > 0) {
        finishClosing.schedule();
      }
      return;
    }
    closeImage();
    if (imageClosing) {
      return;
    }
    if (!layersClosing) {
      layersClosing = true;
      straight.close(() -> flushes.close(() -> internal.close(this::finishClosed)));
    } else {
      straight.close(() -> flushes.close(() -> internal.close(this::runCallbacks)));
    }
  }

  private void finishClosed() {
    device.channels().closed();
    runCallbacks();
  }

  private void runCallbacks() {
    List<Runnable> callbacks = List.copyOf(onClosed);
    onClosed.clear();
    callbacks.forEach(Runnable::run);
  }
}
