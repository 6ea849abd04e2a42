package io.ubiblk.core.lazy;

import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.StripeHeader;
import java.util.ArrayList;
import java.util.List;

/**
 * What held changes need before they may be issued, and after: fetches of the stripes that they
 * cover in part, claims of those that they replace, WRITTEN bits, and the commitment of what was
 * replaced. Confined to the coordinator's thread.
 */
final class Changes {

  private final Coordinator coordinator;
  private final StripeMap map;
  private final LazyOptions options;
  private final Fetcher fetcher;
  private final Committer committer;

  Changes(
      Coordinator coordinator,
      StripeMap map,
      LazyOptions options,
      Fetcher fetcher,
      Committer committer) {
    this.coordinator = coordinator;
    this.map = map;
    this.options = options;
    this.fetcher = fetcher;
    this.committer = committer;
  }

  /** Sees to it that a change's portion can be issued, and answers it then. */
  void prepare(HeldChange change) {
    change.error = Status.OK;
    change.missing = 1; // until every stripe has been looked at
    if (coordinator.isBroken()) {
      change.resolve(Status.EIO);
      return;
    }
    int first = map.stripe(change.from);
    int last = map.stripe(change.to - 1);
    long from = change.from;
    long to = change.to;
    for (int s = first; s <= last; s++) {
      boolean covered =
          map.start(s) >= from && Math.min(map.start(s + 1), coordinator.diskSize()) <= to;
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
    StripeWork work = coordinator.work(stripe);
    // Not what another change waits for: the two might wait for each other's claims for ever.
    boolean free = work == null || work.isFree();
    if (covered && free) {
      StripeWork claimed = work == null ? coordinator.begin(stripe) : work;
      claimed.phase = StripeWork.Phase.CLAIMED;
      claimed.claimant = change;
      change.claims.add(claimed);
    } else {
      change.missing++;
      coordinator.demand(stripe).changers.add(change);
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
      change.flushEpoch = coordinator.failedFlushes().epoch();
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
    int known = !coordinator.isBroken() ? status : Status.EIO;
    int outcome = known == Status.OK ? coordinator.failedFlushes().since(change.flushEpoch) : known;
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
      coordinator.end(work);
    }
  }

  /** A stripe that a change replaced could not be made durable. */
  void claimFailed(StripeWork work, HeldChange claimant, int status) {
    claimant.claims.remove(work);
    claimant.error = status;
    dropClaim(work);
    arrived(claimant);
    fetcher.pump();
  }
}
