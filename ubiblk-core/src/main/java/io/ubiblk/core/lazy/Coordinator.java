package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.MetadataLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what happens to the stripes of one disk, in one thread: merges faults, orders fetches,
 * data and header bits as the package demands. {@link Fetcher} and {@link Committer} do the work,
 * {@link Changes} looks after what replaces or changes stripes.
 */
final class Coordinator {

  private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);

  /** How many stripes behind the one that a request waits for are fetched meanwhile. */
  private static final int LOOK_AHEAD = 64;

  private final String name;
  private final Reactor home;
  private final StripeMap map;
  private final DeviceListeners listeners;
  private final Fetcher fetcher;
  private final Committer committer;
  private final Changes changes;
  private final FetchWarnings warnings;
  private final Progress progress;
  private final SourceHolder source;
  private final StripeWorks works = new StripeWorks();

  private final FailedFlushes failedFlushes = new FailedFlushes();

  private boolean sourceDropped;
  private BlockDeviceException.@Nullable Failed broken;
  private volatile long diskSize;

  Coordinator(
      String name,
      Reactor home,
      StripeMap map,
      BlockDevice data,
      BlockDevice metadata,
      SourceHolder source,
      LazyOptions options,
      DeviceListeners listeners,
      Progress progress) {
    this.name = name;
    this.home = home;
    this.map = map;
    this.listeners = listeners;
    this.progress = progress;
    this.source = source;
    this.diskSize = data.geometry().size();
    this.warnings = new FetchWarnings(name, home, LOG::warn);
    this.committer = new Committer(this, home, map, data, metadata, options);
    this.fetcher = new Fetcher(this, home, map, data, source, options);
    this.changes = new Changes(this, map, options, fetcher, committer);
  }

  Changes changes() {
    return changes;
  }

  boolean isBroken() {
    return broken != null;
  }

  /** Opens the channels and begins with the background. Home thread. */
  void start() throws IOException {
    committer.open();
    fetcher.open();
    fetcher.pump();
  }

  /**
   * Runs something on the home thread. What fails there fails the disk, but hangs nobody.
   *
   * @return false if the home reactor has ended, and nothing will be run
   */
  boolean execute(Runnable work) {
    return post(guarding(work));
  }

  /** Wraps work of the home thread that is to be posted, again and again. */
  Runnable guarding(Runnable work) {
    return () -> guarded(work);
  }

  /** Like {@link #execute}, for work that has been wrapped already. Any thread. */
  boolean post(Runnable guarding) {
    try {
      home.execute(guarding);
      return true;
    } catch (RejectedExecutionException e) {
      LOG.warn("{}: reactor has ended before the disk", name);
      return false;
    }
  }

  /** Runs work of the home thread whose failure would leave requests waiting for ever. */
  void guarded(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: lazy stripes have failed", name, e);
      failed(e);
    }
  }

  long diskSize() {
    return diskSize;
  }

  /** Number of stripes that the disk has; there may be header bytes for more. */
  int diskStripes() {
    return (int) MetadataLayout.stripes(diskSize, map.shift());
  }

  @Nullable StripeWork work(int stripe) {
    return works.get(stripe);
  }

  // ---- Questions of held requests.

  /**
   * Answers a read as soon as the stripe at a position has bytes; fetches the others up to an end.
   */
  void awaitReadable(HeldWait reader, long from, long end) {
    if (broken != null) {
      reader.answerOver(Status.EIO);
      return;
    }
    int first = map.stripe(from);
    int last = Math.min(map.stripe(end - 1), first + LOOK_AHEAD);
    StripeWork work = map.isReady(first) ? null : demand(first);
    for (int s = first + 1; s <= last; s++) {
      if (!map.isReady(s)) {
        demand(s);
      }
    }
    if (work == null) {
      reader.answerReady();
    } else {
      answerOrWait(reader, work);
    }
    fetcher.pump();
  }

  private void answerOrWait(HeldWait reader, StripeWork work) {
    StripeBuffer buffer = work.buffer;
    if (work.phase == StripeWork.Phase.WRITING && buffer != null) {
      reader.answerBytes(buffer);
    } else if (work.isReadable()) {
      reader.answerReadable();
    } else {
      reader.waitingFor = work;
      work.readers.add(reader);
    }
  }

  // ---- Work on stripes.

  /** The work on a stripe that is not ready and that a request waits for. */
  StripeWork demand(int stripe) {
    StripeWork work = works.get(stripe);
    if (work == null) {
      work = begin(stripe);
    }
    if (!work.demanded) {
      work.demanded = true;
      if (work.phase == StripeWork.Phase.QUEUED) {
        fetcher.enqueue(work);
      }
    }
    return work;
  }

  /** Begins work on a stripe that is not ready and has none. */
  StripeWork begin(int stripe) {
    StripeWork work = new StripeWork(stripe);
    works.add(work);
    return work;
  }

  /** Ends work that nobody wants any more. */
  void end(StripeWork work) {
    works.remove(work.stripe);
  }

  /** A fetch has the stripe's bytes. */
  void bytesArrived(StripeWork work, StripeBuffer buffer) {
    while (!work.readers.isEmpty()) {
      work.readers.removeFirst().answerBytes(buffer);
    }
  }

  /** A fetch has written the stripe to the data device. */
  void fetchWritten(StripeWork work) {
    work.phase = StripeWork.Phase.COMMITTING;
    committer.dataWritten(work);
    // Reads that came between the bytes' arrival and now were answered from the buffer.
    assert work.readers.isEmpty();
  }

  /** The stripe's FETCHED bit is durable and visible. */
  void committed(StripeWork work) {
    works.remove(work.stripe);
    progress.fetched();
    while (!work.readers.isEmpty()) {
      work.readers.removeFirst().answerReady();
    }
    HeldChange claimant = work.claimant;
    if (claimant == null) {
      fetcher.arrived();
    } else {
      claimant.claims.remove(work);
      changes.arrived(claimant);
    }
    work.changers.forEach(changes::arrived);
  }

  /** The data could not be made durable, and may be lost: the stripe is not on the disk. */
  void dataFailed(StripeWork work, int status) {
    if (work.claimant == null) {
      fetcher.failed(work, status);
    } else {
      changes.claimFailed(work, work.claimant, status);
    }
  }

  /** The header bit could not be made durable: the stripe is not on the disk. */
  void headerFailed(StripeWork work, int status) {
    if (work.claimant == null) {
      fetchFailed(work, status);
    } else {
      changes.claimFailed(work, work.claimant, status);
    }
  }

  /** A fetch has been given up. Whoever comes later tries again. */
  void fetchFailed(StripeWork work, int status) {
    works.remove(work.stripe);
    failReaders(work, status);
    for (HeldChange change : new ArrayList<>(work.changers)) {
      changes.giveUp(change, status);
    }
    if (status != Status.ECANCELED) {
      fetcher.gaveUp();
      // What others have put in here may throw: nobody waits for this stripe any more.
      progress.failed();
      progress.report(works.size());
      warnings.failed(work.stripe, status);
    }
  }

  /** A round of header bits is durable. */
  void roundEnded() {
    progress.report(works.size());
    if (progress.isComplete() && !sourceDropped) {
      sourceDropped = true;
      home.blocking().execute(source::drop);
    }
    fetcher.pump();
  }

  boolean isComplete() {
    return progress.isComplete();
  }

  // ---- Flushes that failed.

  FailedFlushes failedFlushes() {
    return failedFlushes;
  }

  /** A flush of the disk's user has failed: what it may have lost is not to be relied on. */
  void flushFailed(int status) {
    failedFlushes.ofUser(status);
    committer.distrust(status);
    fetcher.pump();
  }

  // ---- The disk as a whole.

  /** There are header bytes for more stripes. */
  void growMap(int stripes) {
    map.grow(stripes);
  }

  /** The disk has grown; there are header bytes for it. */
  void grown(long size) {
    diskSize = size;
    progress.grown(diskStripes());
  }

  /** Ends everything. The callback runs on the home thread when nothing is under way any more. */
  void stop(Runnable onStopped) {
    warnings.stop();
    fetcher.stop(() -> committer.stop(onStopped));
  }

  /** Nothing can be done for stripes any more: everything that waits for them fails. */
  void failed(Throwable cause) {
    if (broken != null) {
      return;
    }
    broken = new BlockDeviceException.Failed(name + ": lazy stripes have failed", cause);
    List<StripeWork> all = works.all();
    fetcher.fail();
    committer.abandon();
    works.clear();
    for (StripeWork work : all) {
      abandon(work);
    }
    listeners.failed(broken);
  }

  /** Fails who waits for a stripe, and forgets them: the work may still come to an end. */
  private static void abandon(StripeWork work) {
    failReaders(work, Status.EIO);
    work.changers.forEach(Coordinator::failOnce);
    work.changers.clear();
    HeldChange claimant = work.claimant;
    if (claimant != null) {
      work.claimant = null;
      failOnce(claimant);
    }
  }

  /** Each is taken out before it is answered: it must not get a second answer, whatever happens. */
  private static void failReaders(StripeWork work, int status) {
    while (!work.readers.isEmpty()) {
      work.readers.removeFirst().answerOver(status);
    }
  }

  private static void failOnce(HeldChange change) {
    if (change.asking) {
      change.resolve(Status.EIO);
    }
  }
}
