package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.StripeHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes stripes durable in two stages, each in groups: one flush of the data device for all stripes
 * that were written meanwhile, then one round of header sectors and one flush of the metadata
 * device for all bits that are due. While a stage is busy, the next group gathers. Confined to the
 * coordinator's thread.
 */
final class Committer {

  private final Coordinator coordinator;
  private final Reactor home;
  private final StripeMap map;
  private final BlockDevice data;
  private final BlockDevice metadata;
  private final LazyOptions options;
  private List<StripeWork> dirty = new ArrayList<>();
  private List<StripeWork> flushing = new ArrayList<>();
  private boolean isFlushing;

  /** Why the flush under way is not to be relied on, although it may succeed. */
  private int distrust = Status.OK;

  private final TreeMap<Integer, HeaderMark> marks = new TreeMap<>();
  private final MetadataRound.Memory memory = new MetadataRound.Memory();
  private @Nullable MetadataRound round;
  private int failedRounds;
  private boolean delayed;
  private @Nullable BlockChannel dataChannel;
  private @Nullable BlockChannel metadataChannel;
  private boolean stopping;
  private boolean abandoned;
  private @Nullable Runnable onStopped;

  Committer(
      Coordinator coordinator,
      Reactor home,
      StripeMap map,
      BlockDevice data,
      BlockDevice metadata,
      LazyOptions options) {
    this.coordinator = coordinator;
    this.home = home;
    this.map = map;
    this.data = data;
    this.metadata = metadata;
    this.options = options;
  }

  /** Opens the channels. */
  void open() throws IOException {
    dataChannel =
        data.openChannel(home, 1, (tag, status) -> coordinator.guarded(() -> flushed(status)));
    metadataChannel =
        metadata.openChannel(
            home,
            MetadataRound.DEPTH,
            (tag, status) -> coordinator.guarded(() -> roundGoesOn(status)));
  }

  /** A stripe's data has been written to the data device: the FETCHED bit is due after a flush. */
  void dataWritten(StripeWork work) {
    dirty.add(work);
    flushData();
  }

  /** A change waits for a stripe's WRITTEN bit. */
  void markWritten(int stripe, HeldChange change) {
    HeaderMark mark = marks.computeIfAbsent(stripe, HeaderMark::new);
    mark.bits |= StripeHeader.WRITTEN;
    mark.changes.add(change);
    startRound();
  }

  /** Ends when nothing is under way; what is not durable by then is abandoned. */
  void stop(Runnable callback) {
    stopping = true;
    onStopped = callback;
    finishStopping();
  }

  /** A flush has failed elsewhere, which may have lost data that no later flush finds missing. */
  void distrust(int status) {
    if (isFlushing) {
      distrust = status;
    }
    failDirty(status);
  }

  /** Begins nothing any more, and fails the changes that wait for header bits. */
  void abandon() {
    abandoned = true;
    dirty.clear();
    List<HeaderMark> all = new ArrayList<>(marks.values());
    marks.clear();
    if (round != null) {
      all.addAll(round.marks());
    }
    for (HeaderMark mark : all) {
      mark.changes.forEach(change -> coordinator.changes().giveUp(change, Status.EIO));
    }
  }

  private void failDirty(int status) {
    List<StripeWork> failed = new ArrayList<>(dirty);
    dirty.clear();
    failed.forEach(work -> coordinator.dataFailed(work, status));
  }

  private void flushData() {
    if (isFlushing || dirty.isEmpty() || stopping || abandoned) {
      return;
    }
    isFlushing = true;
    List<StripeWork> group = dirty;
    dirty = flushing;
    flushing = group;
    BlockChannel channel = opened(dataChannel);
    boolean accepted = channel.flush(0);
    assert accepted : "one flush at a time";
    channel.submit();
  }

  private void flushed(int outcome) {
    int status = outcome == Status.OK ? distrust : outcome;
    distrust = Status.OK;
    isFlushing = false;
    List<StripeWork> group = new ArrayList<>(flushing);
    flushing.clear();
    if (abandoned) {
      group.clear();
    }
    for (StripeWork work : group) {
      if (status == Status.OK) {
        HeaderMark mark = marks.computeIfAbsent(work.stripe, HeaderMark::new);
        mark.bits |= StripeHeader.FETCHED;
        mark.work = work;
      } else {
        coordinator.dataFailed(work, status);
      }
    }
    if (outcome != Status.OK) {
      coordinator.failedFlushes().ofOurs(outcome);
      failDirty(outcome);
    }
    flushData();
    startRound();
    finishStopping();
  }

  private void startRound() {
    if (round != null || marks.isEmpty() || delayed || stopping || abandoned) {
      return;
    }
    MetadataRound next = MetadataRound.take(marks, map, memory);
    round = next;
    next.begin(opened(metadataChannel));
  }

  private void roundGoesOn(int status) {
    MetadataRound present = round;
    if (present == null || !present.completed(status, opened(metadataChannel))) {
      return;
    }
    round = null;
    if (present.status() == Status.OK) {
      failedRounds = 0;
      publish(present);
      coordinator.roundEnded();
    } else {
      roundFailed(present);
    }
    startRound();
    finishStopping();
  }

  private void publish(MetadataRound ended) {
    for (HeaderMark mark : ended.marks()) {
      map.publish(mark.stripe, mark.bits);
    }
    for (HeaderMark mark : ended.marks()) {
      mark.changes.forEach(coordinator.changes()::arrived);
      if (mark.work != null) {
        coordinator.committed(mark.work);
      }
    }
  }

  private void roundFailed(MetadataRound failed) {
    failedRounds++;
    if (failedRounds < options.attempts() && !stopping) {
      failed.returnTo(marks);
      delayed = true;
      long delay = options.retryDelayNanos() << Math.min(failedRounds - 1, 20);
      home.timer(() -> coordinator.guarded(this::retryRound)).set(home.nanoTime() + delay);
      return;
    }
    failedRounds = 0;
    for (HeaderMark mark : failed.marks()) {
      List<HeldChange> changes = new ArrayList<>(mark.changes);
      changes.forEach(change -> coordinator.changes().giveUp(change, failed.status()));
      if (mark.work != null) {
        coordinator.headerFailed(mark.work, failed.status());
      }
    }
  }

  private void retryRound() {
    delayed = false;
    startRound();
  }

  private void finishStopping() {
    Runnable callback = onStopped;
    if (callback == null || isFlushing || round != null) {
      return;
    }
    onStopped = null;
    close(
        dataChannel,
        () ->
            close(
                metadataChannel,
                () -> {
                  home.blocking().execute(memory::close);
                  callback.run();
                }));
  }

  private static void close(@Nullable BlockChannel channel, Runnable then) {
    if (channel == null) {
      then.run();
    } else {
      channel.close(then);
    }
  }

  private static BlockChannel opened(@Nullable BlockChannel channel) {
    if (channel == null) {
      throw new IllegalStateException("committing before the disk has started");
    }
    return channel;
  }
}
