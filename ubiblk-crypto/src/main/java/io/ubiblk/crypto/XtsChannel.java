package io.ubiblk.crypto;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A channel of an {@link XtsBlockDevice}. Each request has a slot, and at most one request to the
 * device below is under way for it.
 */
final class XtsChannel implements BlockChannel {

  /** What issuing a piece comes to if there is no memory for it now. */
  private static final int NO_PAGES = -1;

  private final XtsBlockDevice device;
  private final XtsCipher cipher;
  private final Reactor reactor;
  private final CompletionHandler completions;
  private final BlockChannel delegate;
  private final XtsRequest[] requests;
  private final int[] free;
  private int freeCount;
  private final PagePool pages = new PagePool();
  private final ArrayDeque<XtsRequest> waiting;
  private final DeferredCompletions deferred;
  private final ReactorTask resume;
  private final ChannelClosing closing;

  /**
   * Requests of which pieces remain to be issued; the channel below is open until there is none.
   */
  private int unfinished;

  XtsChannel(
      XtsBlockDevice device,
      XtsCipher cipher,
      Reactor reactor,
      int depth,
      CompletionHandler completions)
      throws IOException {
    this.device = device;
    this.cipher = cipher;
    this.reactor = reactor;
    this.completions = completions;
    this.requests = new XtsRequest[depth];
    this.free = new int[depth];
    for (int slot = 0; slot < depth; slot++) {
      requests[slot] = new XtsRequest(slot);
      free[slot] = depth - 1 - slot;
    }
    this.freeCount = depth;
    this.waiting = new ArrayDeque<>(depth);
    this.deferred = new DeferredCompletions(reactor, completions, 16);
    this.resume = reactor.task(this::resume);
    this.closing = new ChannelClosing(device.channels());
    this.delegate = device.delegate().openChannel(reactor, depth, this::completed);
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    XtsRequest request = take(Operation.READ, offset, dst.byteSize(), tag);
    if (request == null) {
      return false;
    }
    request.source.reset(dst);
    request.target.reset(dst);
    return keepIf(request, delegate.read(offset, dst, request.slot));
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    long length = src.byteSize();
    int status =
        checkChange(
            flags, IoFlags.checkWrite(flags), device.geometry().checkTransfer(offset, length));
    if (status != Status.OK || length == 0) {
      return answer(tag, status);
    }
    XtsRequest request = take(Operation.WRITE, offset, length, tag);
    if (request == null) {
      return false;
    }
    request.source.reset(src);
    return begin(request, flags);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    int status =
        checkChange(
            flags, IoFlags.checkWriteZeroes(flags), device.geometry().check(offset, length));
    if (status != Status.OK || length == 0) {
      return answer(tag, status);
    }
    XtsRequest request = take(Operation.WRITE_ZEROES, offset, length, tag);
    // Ciphertext takes storage whether or not the caller wants to keep it.
    return request != null && begin(request, flags & ~IoFlags.NO_UNMAP);
  }

  @Override
  public boolean flush(long tag) {
    XtsRequest request = take(Operation.FLUSH, 0, 0, tag);
    return request != null && keepIf(request, delegate.flush(request.slot));
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    XtsRequest request = take(Operation.DISCARD, offset, length, tag);
    return request != null && keepIf(request, delegate.discard(offset, length, request.slot));
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    XtsRequest request = take(Operation.PREFETCH, offset, length, tag);
    return request != null && keepIf(request, delegate.prefetch(offset, length, request.slot));
  }

  @Override
  public void submit() {
    delegate.submit();
  }

  @Override
  public void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    closing.begin(whenClosed);
    delegate.submit();
    resume.schedule();
  }

  /** Nothing that is refused here goes on: the device below must never see plaintext. */
  private int checkChange(int flags, int flagStatus, int rangeStatus) {
    if (!device.isWritable()) {
      return Status.EROFS;
    }
    if ((flags & IoFlags.FUA) != 0 && !device.forcesUnitAccess()) {
      return Status.EOPNOTSUPP;
    }
    return rangeStatus != Status.OK ? rangeStatus : flagStatus;
  }

  private boolean answer(long tag, int status) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (!closing.hasBegun()) {
      deferred.add(tag, status);
    }
    return !closing.hasBegun();
  }

  private @Nullable XtsRequest take(Operation operation, long offset, long length, long tag) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (freeCount == 0 || closing.hasBegun()) {
      return null;
    }
    XtsRequest request = requests[free[--freeCount]];
    request.begin(operation, offset, length, tag);
    return request;
  }

  private boolean keepIf(XtsRequest request, boolean accepted) {
    if (!accepted) {
      giveBack(request);
    }
    return accepted;
  }

  private boolean begin(XtsRequest request, int flags) {
    request.flags = flags;
    request.unfinished = true;
    unfinished++;
    int status = waiting.isEmpty() ? issue(request) : NO_PAGES;
    switch (status) {
      case Status.OK -> {}
      case NO_PAGES -> waiting.add(request);
      case Status.ECANCELED -> giveBack(request);
      default -> finishLater(request, status);
    }
    return status != Status.ECANCELED;
  }

  /**
   * Encrypts the next piece of a change and gives it to the device below.
   *
   * @return OK, {@link #NO_PAGES}, EFAULT if the request's memory is not there any more, or
   *     ECANCELED if the channel below takes nothing
   */
  private int issue(XtsRequest request) {
    int bytes = request.nextPiece(device.largestPiece());
    int run = pages.take(bytes);
    if (run < 0) {
      return NO_PAGES;
    }
    request.run = run;
    request.pieceBytes = bytes;
    if (!encrypt(request)) {
      return Status.EFAULT;
    }
    request.piece.clear();
    request.piece.add(pages.slab(run), pages.offset(run), bytes);
    if (!delegate.write(request.at(), request.piece, request.flags, request.slot)) {
      return Status.ECANCELED;
    }
    if (request.done + bytes == request.length) {
      finished(request);
    }
    return Status.OK;
  }

  private boolean encrypt(XtsRequest request) {
    long sector = request.at() / Geometry.SECTOR;
    long offset = pages.offset(request.run);
    if (request.operation == Operation.WRITE_ZEROES) {
      cipher.encryptZeros(sector, pages.slab(request.run), offset, request.pieceBytes);
      return true;
    }
    return cipher.encrypt(
        sector, request.source, pages.slab(request.run), offset, request.pieceBytes);
  }

  private void completed(long tag, int status) {
    XtsRequest request = requests[(int) tag];
    if (request.isEncrypted()) {
      written(request, status);
    } else if (request.operation == Operation.READ && status == Status.OK) {
      long sector = request.offset / Geometry.SECTOR;
      boolean there = cipher.decrypt(sector, request.source, request.target, request.length);
      finish(request, there ? Status.OK : Status.EFAULT);
    } else {
      finish(request, status);
    }
  }

  private void written(XtsRequest request, int status) {
    request.done += request.pieceBytes;
    returnPages(request);
    if (status != Status.OK || request.done == request.length) {
      finish(request, status);
      return;
    }
    // Whoever waits already comes first, so that a long change does not keep others waiting.
    int next = waiting.isEmpty() ? issue(request) : NO_PAGES;
    if (next == NO_PAGES) {
      waiting.add(request);
      resume.schedule();
    } else if (next == Status.OK) {
      delegate.submit();
    } else {
      finish(request, next);
    }
  }

  /** Ends a request from inside a call, or among others that must not suffer from its handler. */
  private void finishLater(XtsRequest request, int status) {
    deferred.add(request.tag, status);
    giveBack(request);
  }

  /** Ends a request in the course of a completion. */
  private void finish(XtsRequest request, int status) {
    long tag = request.tag;
    giveBack(request);
    completions.completed(tag, status);
  }

  private void giveBack(XtsRequest request) {
    returnPages(request);
    finished(request);
    request.source.release();
    request.target.release();
    free[freeCount++] = request.slot;
  }

  private void returnPages(XtsRequest request) {
    if (request.pieceBytes > 0) {
      pages.give(request.run, request.pieceBytes);
      request.pieceBytes = 0;
      if (!waiting.isEmpty()) {
        resume.schedule();
      }
    }
  }

  private void finished(XtsRequest request) {
    if (request.unfinished) {
      request.unfinished = false;
      unfinished--;
      if (closing.hasBegun()) {
        resume.schedule();
      }
    }
  }

  /** Does what could not be done from inside a call. */
  private void resume() {
    if (closing.hasBegun()) {
      cancelWaiting();
    }
    while (!waiting.isEmpty()) {
      XtsRequest request = waiting.element();
      int status = issue(request);
      if (status == NO_PAGES) {
        break;
      }
      waiting.remove();
      if (status != Status.OK) {
        finishLater(request, status);
      }
    }
    delegate.submit();
    if (closing.hasBegun()) {
      closeDelegate();
    }
  }

  private void cancelWaiting() {
    for (int n = waiting.size(); n > 0; n--) {
      XtsRequest request = waiting.remove();
      if (request.done > 0) {
        waiting.add(request);
      } else {
        finishLater(request, Status.ECANCELED);
      }
    }
  }

  /** Closes the channel below when nothing more has to go there, and every answer was delivered. */
  private void closeDelegate() {
    if (deferred.size() > 0) {
      resume.schedule();
    } else if (unfinished == 0) {
      delegate.close(() -> closing.end(this::release));
    }
  }

  private void release() {
    pages.close();
    cipher.close();
  }
}
