package io.ubiblk.core.lazy;

import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * A write, write-zeroes or discard that needs something done to stripes first: a fetch of those
 * that it covers in part, a claim of those that it replaces whole, a WRITTEN bit. A long range is
 * taken in portions. Happens once for each stripe, so that it may allocate.
 */
final class HeldChange extends HeldRequest {

  /** The data of a change that has none. */
  static final ScatterList NO_DATA = new ScatterList(1);

  /** Most stripes in one portion of a write-zeroes or discard; a write is issued in one piece. */
  private static final int PORTION_STRIPES = 1024;

  final Operation operation;
  private final ScatterList data;
  private final int flags;

  /** The present portion; a discard leaves out what it cannot free. */
  long from;

  long to;
  private long portionEnd;

  // The rest belongs to the coordinator's thread.

  /** Stripes that this request replaces. */
  final List<StripeWork> claims = new ArrayList<>();

  /** How many things are missing before the coordinator can answer. */
  int missing;

  /** The coordinator's count of failed flushes when it last answered. */
  int flushEpoch;

  /** What went wrong, if anything. */
  int error;

  /** Whether a question of this request is open. */
  boolean asking;

  private boolean committing;
  private boolean cancelled;
  private boolean claimsAreEmpty = true;

  HeldChange(
      LazyChannel channel,
      Operation operation,
      long offset,
      long length,
      ScatterList data,
      int flags,
      long tag) {
    super(channel);
    begin(offset, length, tag);
    this.operation = operation;
    this.data = data;
    this.flags = flags;
  }

  ScatterList data() {
    return data;
  }

  int flags() {
    return flags;
  }

  @Override
  void advance() {
    if (done == length) {
      finish(Status.OK);
      return;
    }
    from = at();
    to = end();
    if (operation != Operation.WRITE) {
      StripeMap map = channel().map();
      long most = map.start(Math.addExact(map.stripe(from), PORTION_STRIPES));
      to = Math.min(to, most);
    }
    portionEnd = to;
    Coordinator coordinator = channel().coordinator();
    boolean asked =
        coordinator.execute(
            () -> {
              if (cancelled) {
                answer(() -> finish(Status.ECANCELED));
              } else {
                asking = true;
                coordinator.changes().prepare(this);
              }
            });
    if (!asked) {
      finish(Status.EIO);
    }
  }

  /** Whether the present portion replaces stripes that are not on the disk. Channel's thread. */
  boolean replacesStripes() {
    return !claimsAreEmpty;
  }

  /** Whether a stripe that is covered whole, or not, must be left as it is. */
  boolean leavesOut(boolean covered) {
    // A hint: neither is a stripe fetched for it, nor may it uncover what lies under one.
    return operation == Operation.DISCARD && !(covered && channel().writesZeroes());
  }

  /** The stripes are prepared: the portion may be issued. Channel's thread. */
  void onPrepared() {
    if (from >= to) {
      nextPortion();
    } else {
      channel().change(this, from, to);
    }
  }

  /** The stripes that were replaced are durable. Channel's thread. */
  void onCommitted() {
    nextPortion();
  }

  @Override
  void completed(int status) {
    Coordinator coordinator = channel().coordinator();
    if (claimsAreEmpty) {
      if (status == Status.OK) {
        nextPortion();
      } else {
        finish(status);
      }
      return;
    }
    boolean told =
        coordinator.execute(
            () -> {
              asking = true;
              committing = true;
              coordinator.changes().changed(this, status);
            });
    if (!told) {
      finish(Status.EIO);
    }
  }

  /** Answers the open question. Coordinator's thread. */
  void resolve(int status) {
    asking = false;
    boolean wasCommitting = committing;
    committing = false;
    boolean nothingClaimed = claims.isEmpty();
    answer(
        () -> {
          claimsAreEmpty = nothingClaimed;
          if (status != Status.OK) {
            finish(status);
          } else if (wasCommitting) {
            onCommitted();
          } else {
            onPrepared();
          }
        });
  }

  @Override
  void cancel() {
    Coordinator coordinator = channel().coordinator();
    coordinator.execute(
        () -> {
          cancelled = true;
          // What has reached the data device is seen to its end, which is not far.
          if (asking && !committing) {
            coordinator.changes().giveUp(this, Status.ECANCELED);
          }
        });
  }

  /** Whether the present portion replaces no stripe. Channel's thread. */
  private void nextPortion() {
    done = portionEnd - offset;
    advance();
  }
}
