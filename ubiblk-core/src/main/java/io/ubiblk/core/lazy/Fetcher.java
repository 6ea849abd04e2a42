package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.api.StripeSource;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings stripes from the source to the data device: reads on threads that may block, writes
 * through a channel. As many are under way as the source likes and the memory allows; what requests
 * wait for overtakes the background, for which some of the room is never used. Confined to the
 * coordinator's thread.
 */
final class Fetcher {

  private static final int RESERVED_FRACTION = 4;

  private final Coordinator coordinator;
  private final Reactor home;
  private final StripeMap map;
  private final BlockDevice data;
  private final SourceHolder source;
  private final LazyOptions options;
  private final BufferPool pool;
  private final Autofetch autofetch;
  private final ArrayDeque<StripeWork> demanded = new ArrayDeque<>();
  private final Set<Fetch> reading = new HashSet<>();

  /** What is being written, by the number of its buffer, which is the tag. */
  private final @Nullable StripeWork[] writes;

  private final int mostInBackground;
  private @Nullable BlockChannel channel;
  private int writing;
  private int inBackground;
  private @Nullable Runnable onStopped;
  private boolean stopping;
  private boolean failed;

  Fetcher(
      Coordinator coordinator,
      Reactor home,
      StripeMap map,
      BlockDevice data,
      SourceHolder source,
      LazyOptions options) {
    this.coordinator = coordinator;
    this.home = home;
    this.map = map;
    this.data = data;
    this.source = source;
    this.options = options;
    StripeSource present = source.source();
    int liked = present == null ? 1 : Math.max(1, present.parallelism());
    int most = Math.clamp(options.fetchMemory() / map.stripeSize(), 1, liked);
    this.mostInBackground = most == 1 ? 1 : most - Math.max(1, most / RESERVED_FRACTION);
    this.pool = new BufferPool(home, map.stripeSize(), most, this::pump);
    this.writes = new StripeWork[most];
    this.autofetch =
        new Autofetch(coordinator, home, map, options.autofetch() && present != null, this::pump);
  }

  /** Opens the channel. */
  void open() throws IOException {
    channel = data.openChannel(home, pool.most(), this::written);
  }

  /** A stripe has come from the source and is durable. */
  void arrived() {
    autofetch.succeeded();
  }

  /** A stripe was given up: the coordinator knows, and so must the background. */
  void gaveUp() {
    autofetch.failed();
  }

  /** Puts a stripe that a request waits for into the queue. */
  void enqueue(StripeWork work) {
    if (!failed) {
      demanded.add(work);
    }
  }

  /** Begins nothing any more, because nobody waits; what is under way comes to its end. */
  void fail() {
    failed = true;
    demanded.clear();
    autofetch.stop();
  }

  /** Begins as many fetches as there is room for. */
  void pump() {
    if (stopping) {
      finishStopping();
      return;
    }
    while (!failed && pool.taken() < pool.most()) {
      StripeWork work = nextDemanded();
      boolean background = work == null && inBackground < mostInBackground;
      if (background) {
        work = autofetch.next();
      }
      if (work == null) {
        break;
      }
      begin(work, background);
    }
  }

  /** Something about a fetch went wrong: tries again after a while, or gives up. */
  void failed(StripeWork work, int status) {
    release(work);
    if (failed) {
      return;
    }
    work.failures++;
    if (stopping || work.failures >= options.attempts()) {
      coordinator.fetchFailed(work, status);
      return;
    }
    work.phase = StripeWork.Phase.DELAYED;
    long delay = options.retryDelayNanos() << Math.min(work.failures - 1, 20);
    home.timer(() -> coordinator.guarded(() -> retry(work))).set(home.nanoTime() + delay);
  }

  /**
   * Abandons what is under way. The callback runs when nothing touches source or device any more.
   */
  void stop(Runnable callback) {
    stopping = true;
    onStopped = callback;
    autofetch.stop();
    reading.forEach(Fetch::interrupt);
    // A source that does not notice an interruption notices that it is closed.
    home.blocking().execute(source::giveUp);
    finishStopping();
  }

  private @Nullable StripeWork nextDemanded() {
    StripeWork work = demanded.poll();
    // Those that were claimed, or begun in the background, while they waited are no longer queued.
    while (work != null && work.phase != StripeWork.Phase.QUEUED) {
      work = demanded.poll();
    }
    return work;
  }

  private void begin(StripeWork work, boolean background) {
    StripeBuffer buffer = pool.take();
    work.buffer = buffer;
    work.phase = StripeWork.Phase.READING;
    long offset = map.start(work.stripe);
    Fetch[] fetch = new Fetch[1];
    fetch[0] =
        new Fetch(
            work,
            source.source(),
            offset,
            buffer,
            status -> coordinator.execute(() -> wasRead(fetch[0], buffer, status)));
    reading.add(fetch[0]);
    work.background = background;
    inBackground += background ? 1 : 0;
    home.blocking().execute(fetch[0]);
  }

  private void wasRead(Fetch fetch, StripeBuffer buffer, int status) {
    reading.remove(fetch);
    StripeWork work = fetch.work;
    if (status != Status.OK || stopping || failed) {
      failed(work, stopping || status == Status.OK ? Status.ECANCELED : status);
    } else {
      work.phase = StripeWork.Phase.WRITING;
      work.written = 0;
      work.flushEpoch = coordinator.failedFlushes().epoch();
      coordinator.bytesArrived(work, buffer);
      write(work, buffer);
    }
    pump();
  }

  private void write(StripeWork work, StripeBuffer buffer) {
    long start = map.start(work.stripe);
    long length = Math.min(map.stripeSize(), coordinator.diskSize() - start) - work.written;
    long step = Math.min(length, data.geometry().maxTransfer());
    ScatterList list = new ScatterList(1);
    list.add(buffer.memory(), work.written, step);
    BlockChannel open = opened();
    writing++;
    writes[buffer.number] = work;
    boolean accepted = open.write(start + work.written, list, IoFlags.BYPASS_CACHE, buffer.number);
    assert accepted : "no more writes are under way than there are buffers";
    work.written += step;
    open.submit();
  }

  private void written(long tag, int status) {
    coordinator.guarded(() -> wasWritten((int) tag, status));
  }

  private void wasWritten(int number, int status) {
    writing--;
    StripeWork work = writes[number];
    StripeBuffer buffer = work == null ? null : work.buffer;
    if (work == null || buffer == null) {
      throw new IllegalStateException("buffer " + number + " was not being written");
    }
    writes[number] = null;
    int stripe = work.stripe;
    if (status != Status.OK || failed) {
      failed(work, status);
    } else if (map.start(stripe) + work.written
        < Math.min(map.start(stripe + 1), coordinator.diskSize())) {
      write(work, buffer);
    } else if (coordinator.failedFlushes().since(work.flushEpoch) != Status.OK) {
      // That flush may have lost what was written before it, and the next one will not say so.
      failed(work, coordinator.failedFlushes().since(work.flushEpoch));
    } else {
      release(work);
      coordinator.fetchWritten(work);
    }
    pump();
  }

  /** Lets go of a work's buffer, if it has one. */
  private void release(StripeWork work) {
    StripeBuffer buffer = work.buffer;
    if (buffer != null) {
      work.buffer = null;
      inBackground -= work.background ? 1 : 0;
      buffer.release();
    }
  }

  private void retry(StripeWork work) {
    if (work.phase == StripeWork.Phase.DELAYED && !stopping && !failed) {
      work.phase = StripeWork.Phase.QUEUED;
      if (work.demanded) {
        demanded.add(work);
      } else {
        autofetch.again(work);
      }
      pump();
    }
  }

  private void finishStopping() {
    Runnable callback = onStopped;
    if (callback != null && reading.isEmpty() && writing == 0) {
      onStopped = null;
      BlockChannel open = channel;
      pool.close();
      if (open == null) {
        callback.run();
      } else {
        open.close(callback);
      }
    }
  }

  private BlockChannel opened() {
    BlockChannel open = channel;
    if (open == null) {
      throw new IllegalStateException("fetching before the disk has started");
    }
    return open;
  }
}
