package io.ubiblk.core.memory;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;

/**
 * A channel that serves every request inside the call and delivers the completion afterwards. It
 * takes as many requests as come.
 */
abstract class VolatileChannel implements BlockChannel {

  private final VolatileDevice device;
  private final Reactor reactor;
  private final DeferredCompletions deferred;
  private final ReactorTask finish;
  private final ChannelClosing closing;

  VolatileChannel(VolatileDevice device, Reactor reactor, CompletionHandler completions) {
    this.device = device;
    this.reactor = reactor;
    this.deferred = new DeferredCompletions(reactor, completions, 16);
    this.finish = reactor.task(this::finishClosing);
    this.closing = new ChannelClosing(device.channels());
  }

  /** Fills a list; returns a status. The range has been checked. */
  abstract int fill(long offset, ScatterList dst);

  /** Stores a list; returns a status. The range has been checked. */
  abstract int store(long offset, ScatterList src);

  /** Makes a range read as zeros. The range has been checked. */
  abstract void clear(long offset, long length);

  @Override
  public final boolean read(long offset, ScatterList dst, long tag) {
    int status = device.geometry().checkTransfer(offset, dst.byteSize());
    return complete(tag, status != Status.OK || closing.hasBegun() ? status : fill(offset, dst));
  }

  @Override
  public final boolean write(long offset, ScatterList src, int flags, long tag) {
    int status = device.geometry().checkTransfer(offset, src.byteSize());
    if (status == Status.OK) {
      status = IoFlags.checkWrite(flags);
    }
    return complete(tag, status != Status.OK || closing.hasBegun() ? status : store(offset, src));
  }

  @Override
  public final boolean flush(long tag) {
    return complete(tag, Status.OK);
  }

  @Override
  public final boolean discard(long offset, long length, long tag) {
    return writeZeroes(offset, length, 0, tag);
  }

  @Override
  public final boolean writeZeroes(long offset, long length, int flags, long tag) {
    int status = device.geometry().check(offset, length);
    if (status == Status.OK) {
      status = IoFlags.checkWriteZeroes(flags);
    }
    if (status == Status.OK && !closing.hasBegun()) {
      clear(offset, length);
    }
    return complete(tag, status);
  }

  @Override
  public final boolean prefetch(long offset, long length, long tag) {
    return complete(tag, device.geometry().check(offset, length));
  }

  @Override
  public final void submit() {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
  }

  @Override
  public final void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    closing.begin(whenClosed);
    finish.schedule();
  }

  private boolean complete(long tag, int status) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (closing.hasBegun()) {
      return false;
    }
    deferred.add(tag, status);
    return true;
  }

  private void finishClosing() {
    if (deferred.size() > 0) {
      finish.schedule();
    } else {
      closing.end(() -> {});
    }
  }
}
