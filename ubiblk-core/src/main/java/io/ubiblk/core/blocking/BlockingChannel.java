package io.ubiblk.core.blocking;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.ChannelClosing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A channel of a {@link BlockingDevice}: hands each request to a thread that may block. */
final class BlockingChannel implements BlockChannel {

  private static final Logger LOG = LoggerFactory.getLogger(BlockingChannel.class);
  private static final Thread SOMEBODY_ELSE = Thread.ofPlatform().unstarted(() -> {});

  private final BlockingStorage storage;
  private final Geometry geometry;
  private final Reactor reactor;
  private final int depth;
  private final CompletionHandler completions;
  private final DeferredCompletions deferred;
  private final ReactorTask finish;
  private final ChannelClosing closing;
  private int inFlight;

  /** What a request makes of the storage. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  BlockingChannel(
      BlockingStorage storage,
      Geometry geometry,
      OpenChannels channels,
      Reactor reactor,
      int depth,
      CompletionHandler completions) {
    this.storage = storage;
    this.geometry = geometry;
    this.reactor = reactor;
    this.depth = depth;
    this.completions = completions;
    this.deferred = new DeferredCompletions(reactor, completions, 4);
    this.finish = reactor.task(this::finishClosing);
    this.closing = new ChannelClosing(channels);
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    long length = dst.byteSize();
    int status = geometry.checkTransfer(offset, length);
    ScatterList reachable = status == Status.OK ? reachable(dst) : dst;
    return begin(
        status,
        length,
        tag,
        () ->
            inOnePiece(
                reachable,
                memory -> {
                  storage.read(offset, memory);
                  return true;
                }),
        outcome -> copyBack(reachable, dst, outcome));
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    long length = src.byteSize();
    int status = checked(geometry.checkTransfer(offset, length), IoFlags.checkWrite(flags));
    ScatterList reachable = status == Status.OK ? reachable(src) : src;
    if (reachable != src && !src.copyTo(0, reachable.segment(0), 0, length)) {
      status = Status.EFAULT;
    }
    return begin(
        status,
        length,
        tag,
        () -> {
          inOnePiece(
              reachable,
              memory -> {
                storage.write(offset, memory.asReadOnly());
                return false;
              });
          flushIf(flags);
        });
  }

  @Override
  public boolean flush(long tag) {
    return begin(Status.OK, 1, tag, storage::flush);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    return begin(
        geometry.check(offset, length), length, tag, () -> storage.discard(offset, length));
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    return begin(
        checked(geometry.check(offset, length), IoFlags.checkWriteZeroes(flags)),
        length,
        tag,
        () -> {
          storage.writeZeroes(offset, length);
          flushIf(flags);
        });
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    return begin(geometry.check(offset, length), 0, tag, () -> {});
  }

  @Override
  public void submit() {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
  }

  @Override
  public void close(Runnable whenClosed) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    closing.begin(whenClosed);
    finish.schedule();
  }

  private boolean begin(int status, long length, long tag, Work work) {
    return begin(status, length, tag, work, IntUnaryOperator.identity());
  }

  /** Begins a request; {@code after} looks at its outcome on the reactor's thread. */
  private boolean begin(int status, long length, long tag, Work work, IntUnaryOperator after) {
    assert reactor.inReactor() : "channel used outside of its reactor's thread";
    if (closing.hasBegun() || inFlight == depth) {
      return false;
    }
    if (status != Status.OK || length == 0) {
      deferred.add(tag, status);
      return true;
    }
    inFlight++;
    reactor
        .blocking()
        .execute(
            () -> {
              int outcome = outcomeOf(work);
              reactor.execute(() -> completed(tag, after.applyAsInt(outcome)));
            });
    return true;
  }

  private int outcomeOf(Work work) {
    try {
      work.run();
      return Status.OK;
    } catch (BlockDeviceException.Io e) {
      // A number that means success would hide the failure.
      return e.errno() > 0 ? e.errno() : Status.EIO;
    } catch (IOException | RuntimeException | Error e) {
      LOG.warn("{} failed a request", storage, e);
      return Status.EIO;
    }
  }

  private void completed(long tag, int status) {
    inFlight--;
    completions.completed(tag, status);
    if (closing.hasBegun()) {
      finish.schedule();
    }
  }

  private void finishClosing() {
    if (deferred.size() > 0) {
      finish.schedule();
    } else if (inFlight == 0) {
      closing.end(() -> {});
    }
  }

  private static int checked(int rangeStatus, int flagStatus) {
    return rangeStatus != Status.OK ? rangeStatus : flagStatus;
  }

  private void flushIf(int flags) throws IOException {
    if ((flags & IoFlags.FUA) != 0) {
      storage.flush();
    }
  }

  /** Moves data between memory and storage; returns whether the memory was filled. */
  @FunctionalInterface
  private interface Transfer {
    boolean run(MemorySegment memory) throws IOException;
  }

  /** The list itself, or one of as much memory if it has memory of the reactor's thread alone. */
  private static ScatterList reachable(ScatterList list) {
    for (int i = 0; i < list.count(); i++) {
      if (!list.segment(i).isAccessibleBy(SOMEBODY_ELSE)) {
        return ScatterList.of(Arena.ofAuto().allocate(list.byteSize(), 4096));
      }
    }
    return list;
  }

  private static int copyBack(ScatterList from, ScatterList to, int outcome) {
    if (from == to || outcome != Status.OK) {
      return outcome;
    }
    return to.copyFrom(0, from.segment(0), 0, to.byteSize()) ? Status.OK : Status.EFAULT;
  }

  /** Lets a transfer work on the list's memory, or on a copy if that is in pieces. */
  private static void inOnePiece(ScatterList list, Transfer transfer) throws IOException {
    if (list.count() == 1) {
      transfer.run(list.segment(0).asSlice(list.offset(0), list.length(0)));
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(list.byteSize(), 4096);
      if (!list.copyTo(0, copy, 0, copy.byteSize())
          || (transfer.run(copy) && !list.copyFrom(0, copy, 0, copy.byteSize()))) {
        throw new BlockDeviceException.Io("request's memory has vanished", Status.EFAULT);
      }
    }
  }
}
