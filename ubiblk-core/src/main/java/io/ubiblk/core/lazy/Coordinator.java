package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what happens to the stripes of one disk, in one thread: merges faults, keeps claims,
 * orders fetches, data and header bits as the package demands. {@link Fetcher} and {@link
 * Committer} do the work.
 */
final class Coordinator {

  private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);

  /** How many stripes behind the one that a request waits for are fetched meanwhile. */
  private static final int LOOK_AHEAD = 64;

  private final String name;
  private final Reactor home;
  private final StripeMap map;
  private final LazyOptions options;
  private final DeviceListeners listeners;
  private final Fetcher fetcher;
  private final Committer committer;
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
    this.options = options;
    this.listeners = listeners;
    this.progress = progress;
    this.source = source;
    this.diskSize = data.geometry().size();
    this.warnings = new FetchWarnings(name, home, LOG::warn);
    this.committer = new Committer(this, home, map, data, metadata, options);
    this.fetcher = new Fetcher(this, home, map, data, source, options);
  }

  Reactor home() {
    return home;
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

  /** Sees to it that a change's portion can be issued, and answers it then. */
  void prepare(HeldChange change) {
    change.error = Status.OK;
    change.missing = 1; // until every stripe has been looked at
    if (broken != null) {
      change.resolve(Status.EIO);
      return;
    }
    int first = map.stripe(change.from);
    int last = map.stripe(change.to - 1);
    long from = change.from;
    long to = change.to;
    for (int s = first; s <= last; s++) {
      boolean covered = map.start(s) >= from && Math.min(map.start(s + 1), diskSize) <= to;
      if (!map.isReady(s)) {
        if (change.leavesOut(covered)) {
          leaveOut(change, s);
          continue;
        }
        prepareUnready(change, s, covered);
      }
      if (needsWritten(change, s)) {
        change.missing++;
        committer.markWritten(s, change);
      }
    }
    arrived(change);
    fetcher.pump();
  }

  /** Leaves out a stripe, and what is behind it unless nothing is before it. */
  private void leaveOut(HeldChange change, int stripe) {
    if (map.start(stripe) <= change.from) {
      change.from = Math.min(map.start(stripe + 1), change.to);
    } else {
      change.to = Math.min(map.start(stripe), change.to);
    }
  }

  private void prepareUnready(HeldChange change, int stripe, boolean covered) {
    StripeWork work = works.get(stripe);
    // Not what another change waits for: the two might wait for each other's claims for ever.
    boolean free = work == null || work.isFree();
    if (covered && free) {
      StripeWork claimed = work == null ? begin(stripe) : work;
      claimed.phase = StripeWork.Phase.CLAIMED;
      claimed.claimant = change;
      change.claims.add(claimed);
    } else {
      change.missing++;
      demand(stripe).changers.add(change);
    }
  }

  private boolean needsWritten(HeldChange change, int stripe) {
    int header = map.header(stripe);
    boolean changes = change.operation != Operation.DISCARD || StripeHeader.hasSource(header);
    return options.trackWritten() && changes && !StripeHeader.isWritten(header);
  }

  /** One thing that a change waits for is there. */
  void arrived(HeldChange change) {
    if (change.asking && --change.missing == 0) {
      change.flushEpoch = failedFlushes.epoch();
      change.resolve(change.error);
      if (change.error != Status.OK) {
        dropClaims(change);
      }
    }
  }

  /** One thing that a change waits for cannot be had: it fails at once. */
  void giveUp(HeldChange change, int status) {
    if (change.asking) {
      dropClaims(change);
      change.resolve(status);
    }
  }

  /** A change has been made to the data device, or not; commits the stripes that it replaced. */
  void changed(HeldChange change, int status) {
    // A flush that failed meanwhile may have lost the data, and the next one will not say so.
    int known = broken == null ? status : Status.EIO;
    int outcome = known == Status.OK ? failedFlushes.since(change.flushEpoch) : known;
    if (outcome != Status.OK) {
      dropClaims(change);
      change.resolve(outcome);
      return;
    }
    change.error = Status.OK;
    change.missing = change.claims.size();
    for (StripeWork work : change.claims) {
      work.phase = StripeWork.Phase.COMMITTING;
      committer.dataWritten(work);
    }
  }

  private void dropClaims(HeldChange change) {
    List<StripeWork> dropped = new ArrayList<>(change.claims);
    change.claims.clear();
    for (StripeWork work : dropped) {
      dropClaim(work);
    }
    fetcher.pump();
  }

  private void dropClaim(StripeWork work) {
    work.claimant = null;
    if (work.isWanted()) {
      work.phase = StripeWork.Phase.QUEUED;
      work.demanded = true;
      fetcher.enqueue(work);
    } else {
      works.remove(work.stripe);
    }
  }

  // ---- Work on stripes.

  /** The work on a stripe that is not ready and that a request waits for. */
  private StripeWork demand(int stripe) {
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

  /** A fetch has the stripe's bytes. */
  void bytesArrived(StripeWork work, StripeBuffer buffer) {
    work.readers.forEach(reader -> reader.answerBytes(buffer));
    work.readers.clear();
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
    work.readers.forEach(HeldWait::answerReady);
    HeldChange claimant = work.claimant;
    if (claimant == null) {
      fetcher.arrived();
    } else {
      claimant.claims.remove(work);
      arrived(claimant);
    }
    work.changers.forEach(this::arrived);
  }

  /** The data could not be made durable, and may be lost: the stripe is not on the disk. */
  void dataFailed(StripeWork work, int status) {
    if (work.claimant == null) {
      fetcher.failed(work, status);
    } else {
      claimFailed(work, work.claimant, status);
    }
  }

  /** The header bit could not be made durable: the stripe is not on the disk. */
  void headerFailed(StripeWork work, int status) {
    if (work.claimant == null) {
      fetchFailed(work, status);
    } else {
      claimFailed(work, work.claimant, status);
    }
  }

  private void claimFailed(StripeWork work, HeldChange claimant, int status) {
    claimant.claims.remove(work);
    claimant.error = status;
    dropClaim(work);
    arrived(claimant);
    fetcher.pump();
  }

  /** A fetch has been given up. Whoever comes later tries again. */
  void fetchFailed(StripeWork work, int status) {
    works.remove(work.stripe);
    if (status != Status.ECANCELED) {
      progress.failed();
      progress.report(works.size());
      warnings.failed(work.stripe, status);
      fetcher.gaveUp();
    }
    work.readers.forEach(reader -> reader.answerOver(status));
    for (HeldChange change : new ArrayList<>(work.changers)) {
      giveUp(change, status);
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
    work.readers.forEach(reader -> reader.answerOver(Status.EIO));
    work.readers.clear();
    work.changers.forEach(Coordinator::failOnce);
    work.changers.clear();
    HeldChange claimant = work.claimant;
    if (claimant != null) {
      work.claimant = null;
      failOnce(claimant);
    }
  }

  private static void failOnce(HeldChange change) {
    if (change.asking) {
      change.resolve(Status.EIO);
    }
  }
}
