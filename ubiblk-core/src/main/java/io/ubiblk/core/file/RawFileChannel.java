package io.ubiblk.core.file;

import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.Errno;
import java.util.ArrayDeque;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * A channel of a {@link RawFileDevice}: takes requests, gives each a slot, and sees each to its
 * end. The work itself is in {@link Transfer} and {@link Zeroing}.
 */
final class RawFileChannel implements FixedBufferChannel {

  /** A write that drops its pages starts to write them back, which small ones should not. */
  private static final int LEAST_DROPPED_BYTES = 64 * 1024;

  private final RawFileDevice device;
  private final IoReactor reactor;
  private final IoPort port;
  private final CompletionHandler completions;
  private final FileAlignment alignment;
  private final Transfer transfer;
  private final Zeroing zeroing;
  private final Flushes flushes;
  private final BlockGate.Passes passes;
  private final FileRequest[] requests;
  private final int[] free;
  private int freeCount;
  private final DeferredCompletions deferred;

  private final BouncePool bounces = new BouncePool();
  private final ArrayDeque<FileRequest> waitingForBounce = new ArrayDeque<>();
  private final ArrayDeque<FileRequest> toRetry = new ArrayDeque<>();
  private final MpscUnboundedAtomicArrayQueue<FileRequest> admitted =
      new MpscUnboundedAtomicArrayQueue<>(16);
  private final ReactorTask resume;

  private long ended;

  private final ChannelClosing closing;

  RawFileChannel(
      RawFileDevice device, IoReactor reactor, int depth, CompletionHandler completions) {
    this.device = device;
    this.reactor = reactor;
    this.completions = completions;
    this.alignment = device.alignment();
    this.port = reactor.openPort(depth, this::completed);
    this.transfer = new Transfer(this, port, alignment, device.writesThrough());
    this.zeroing =
        new Zeroing(this, transfer, port, device.zeroingGranularity(), device.writesThrough());
    this.requests = new FileRequest[depth];
    this.free = new int[depth];
    for (int slot = 0; slot < depth; slot++) {
      requests[slot] = new FileRequest(this, slot, device.file());
      free[slot] = depth - 1 - slot;
    }
    this.freeCount = depth;
    this.deferred = new DeferredCompletions(reactor, completions, 16);
    this.resume = reactor.task(this::resume);
    this.closing = new ChannelClosing(device.channels());
    boolean flushable = device.isWritable() && !device.writesThrough();
    this.flushes = new Flushes(this, port, device.file(), flushable);
    this.passes = device.gate().open();
  }

  FileAlignment alignment() {
    return alignment;
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    long length = dst.byteSize();
    int status = device.geometry().checkTransfer(offset, length);
    if (status != Status.OK || length == 0) {
      return completeLater(tag, status);
    }
    FileRequest request = take(Operation.READ, offset, length, 0, tag);
    if (request == null) {
      return false;
    }
    request.data = dst;
    request.plain = alignment.fits(offset, dst);
    transfer.advance(request);
    return true;
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    long length = src.byteSize();
    int status =
        checkChange(IoFlags.checkWrite(flags), device.geometry().checkTransfer(offset, length));
    if (status != Status.OK || length == 0) {
      return completeLater(tag, status);
    }
    FileRequest request = take(Operation.WRITE, offset, length, flags, tag);
    if (request == null) {
      return false;
    }
    request.data = src;
    request.plain = alignment.fits(offset, src);
    request.dropBehind =
        (flags & IoFlags.BYPASS_CACHE) != 0 && !device.isDirect() && length >= LEAST_DROPPED_BYTES
            ? device.dropBehind().flag()
            : 0;
    begin(request);
    return true;
  }

  @Override
  public boolean takesFixedBuffers() {
    return true;
  }

  @Override
  public boolean readFixed(long offset, int buffer, long length, long tag) {
    return fitsFixed(offset, length) && takeFixed(Operation.READ, offset, buffer, length, 0, tag);
  }

  @Override
  public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
    return device.isWritable()
        && IoFlags.checkWrite(flags) == Status.OK
        && fitsFixed(offset, length)
        && takeFixed(Operation.WRITE, offset, buffer, length, flags, tag);
  }

  @Override
  public boolean flush(long tag) {
    if (device.writesThrough() || !device.isWritable()) {
      return completeLater(tag, Status.OK);
    }
    FileRequest request = take(Operation.FLUSH, 0, 0, 0, tag);
    if (request == null) {
      return false;
    }
    flushes.begin(request);
    return true;
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    return zero(Operation.DISCARD, offset, length, 0, tag);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    return zero(Operation.WRITE_ZEROES, offset, length, flags, tag);
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    return completeLater(tag, device.geometry().check(offset, length));
  }

  @Override
  public void submit() {
    // The reactor hands what is queued to the kernel at the end of its turn.
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
  }

  @Override
  public void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    closing.begin(whenClosed);
    resume.schedule();
  }

  /** A request that waited at the gate may go on. Any thread. */
  void admitted(FileRequest request) {
    admitted.offer(request);
    resume.schedule();
  }

  /** A buffer for a request; if there is none, the request is resumed when there is. */
  @Nullable BounceBuffer takeBounce(FileRequest request) {
    BounceBuffer buffer = waitingForBounce.isEmpty() ? bounces.take() : null;
    if (buffer == null) {
      waitingForBounce.add(request);
    }
    return buffer;
  }

  /** Ends a request, in the course of a completion. */
  void finish(FileRequest request, int status) {
    long tag = request.tag;
    release(request);
    completions.completed(tag, status);
  }

  /** Ends a request from inside the call that made it. */
  void finishLater(FileRequest request, int status) {
    deferred.add(request.tag, status);
    release(request);
  }

  /** Whether the file takes a range as it is; what must be refused or rounded goes with memory. */
  private boolean fitsFixed(long offset, long length) {
    return length > 0
        && device.geometry().checkTransfer(offset, length) == Status.OK
        && alignment.fitsRange(offset, length);
  }

  private boolean takeFixed(
      Operation operation, long offset, int buffer, long length, int flags, long tag) {
    FileRequest request = take(operation, offset, length, flags, tag);
    if (request == null) {
      return false;
    }
    request.buffer = buffer;
    if (operation == Operation.READ) {
      transfer.advance(request);
    } else {
      begin(request);
    }
    return true;
  }

  private boolean zero(Operation operation, long offset, long length, int flags, long tag) {
    int status =
        checkChange(IoFlags.checkWriteZeroes(flags), device.geometry().check(offset, length));
    if (status != Status.OK || length == 0) {
      return completeLater(tag, status);
    }
    FileRequest request = take(operation, offset, length, flags, tag);
    if (request == null) {
      return false;
    }
    begin(request);
    return true;
  }

  private int checkChange(int flagStatus, int rangeStatus) {
    if (!device.isWritable()) {
      return Status.EROFS;
    }
    return rangeStatus != Status.OK ? rangeStatus : flagStatus;
  }

  private boolean completeLater(long tag, int status) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (closing.hasBegun()) {
      return false;
    }
    deferred.add(tag, status);
    return true;
  }

  private @Nullable FileRequest take(
      Operation operation, long offset, long length, int flags, long tag) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (freeCount == 0 || closing.hasBegun()) {
      return null;
    }
    FileRequest request = requests[free[--freeCount]];
    request.begin(operation, offset, length, flags, tag);
    return request;
  }

  /** Begins a change, at the gate where storage blocks are larger than sectors. */
  private void begin(FileRequest request) {
    if (alignment.isCoarse()) {
      request.exclusive = !alignment.fitsRange(request.offset, request.length);
      if (!device.gate().enter(request, passes)) {
        request.waitsAtGate = true;
        return;
      }
    }
    proceed(request);
  }

  private void proceed(FileRequest request) {
    if (request.operation == Operation.WRITE) {
      transfer.advance(request);
    } else {
      zeroing.begin(request);
    }
  }

  private void completed(int slot, int result) {
    FileRequest request = requests[slot];
    long before = ended;
    try {
      completed(request, result);
    } catch (RuntimeException | Error e) {
      // A request that is not over by then would never be. One that is has been given away.
      if (ended == before) {
        finish(request, Status.EIO);
      }
      throw e;
    }
  }

  private void completed(FileRequest request, int result) {
    if (result < 0) {
      failed(request, -result);
      return;
    }
    switch (request.operation) {
      case READ, WRITE -> transfer.completed(request, result);
      case DISCARD, WRITE_ZEROES -> zeroing.completed(request, result);
      case FLUSH -> flushes.ended(Status.OK);
      case PREFETCH -> finish(request, Status.OK);
    }
  }

  private void failed(FileRequest request, int errno) {
    if ((errno == Errno.EAGAIN || errno == Errno.EINTR) && request.mayRetry()) {
      toRetry.add(request);
      resume.schedule();
    } else if (request.operation == Operation.FLUSH) {
      flushes.ended(errno);
    } else if (errno == Errno.EINVAL && request.plain && request.buffer < 0 && transfers(request)) {
      // The file wants more alignment than it said, or does not take direct I/O here.
      request.plain = false;
      transfer.advance(request);
    } else if (errno == Errno.EOPNOTSUPP && request.dropBehind != 0) {
      device.dropBehind().refused();
      request.dropBehind = 0;
      transfer.advance(request);
    } else if (errno == Errno.EOPNOTSUPP && !transfers(request) && !request.syncing) {
      zeroing.refused(request);
    } else {
      finish(request, errno);
    }
  }

  private static boolean transfers(FileRequest request) {
    return request.operation == Operation.READ
        || request.operation == Operation.WRITE
        || request.writesZeros;
  }

  private void retry(FileRequest request) {
    if (request.operation == Operation.FLUSH) {
      flushes.issue(request);
    } else if (request.syncing) {
      port.sync(request.slot, request.file);
    } else if (transfers(request)) {
      transfer.retry(request);
    } else {
      zeroing.begin(request);
    }
  }

  private void release(FileRequest request) {
    ended++;
    if (request.bounce != null) {
      bounces.give(request.bounce);
      request.bounce = null;
      if (!waitingForBounce.isEmpty()) {
        resume.schedule();
      }
    }
    if (request.passed || request.admitted) {
      device.gate().leave(request, passes);
    }
    // List and memory are the caller's again.
    request.data = FileRequest.NO_DATA;
    free[freeCount++] = request.slot;
    if (closing.hasBegun()) {
      resume.schedule();
    }
  }

  /** Does what could not be done from inside a call. */
  private void resume() {
    for (int n = toRetry.size(); n > 0; n--) {
      retry(toRetry.remove());
    }
    for (FileRequest r = admitted.poll(); r != null; r = admitted.poll()) {
      r.waitsAtGate = false;
      if (closing.hasBegun()) {
        finish(r, Status.ECANCELED);
      } else {
        proceed(r);
      }
    }
    if (closing.hasBegun()) {
      cancelWaiting();
      finishClosing();
    } else {
      resumeBounced();
    }
  }

  private void resumeBounced() {
    while (!waitingForBounce.isEmpty()) {
      BounceBuffer buffer = bounces.take();
      if (buffer == null) {
        return;
      }
      FileRequest request = waitingForBounce.remove();
      request.bounce = buffer;
      transfer.advance(request);
    }
  }

  private void cancelWaiting() {
    while (!waitingForBounce.isEmpty()) {
      finish(waitingForBounce.remove(), Status.ECANCELED);
    }
    for (FileRequest request : requests) {
      if (request.waitsAtGate && device.gate().withdraw(request)) {
        request.waitsAtGate = false;
        finish(request, Status.ECANCELED);
      }
    }
  }

  private void finishClosing() {
    if (deferred.size() > 0) {
      resume.schedule();
    } else if (freeCount == requests.length) {
      closing.end(this::releaseAll);
    }
  }

  private void releaseAll() {
    port.close();
    flushes.close();
    bounces.close();
    device.gate().close(passes);
  }
}
