package io.ubiblk.core.lazy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is being done to bring one stripe to the disk, and who waits for it. Confined to the
 * coordinator's thread. There is one for each stripe that is not ready and that somebody has asked
 * for.
 */
final class StripeWork {

  /** How far the stripe has come. */
  enum Phase {
    /** Waits for its turn to be fetched. */
    QUEUED,
    /** Is being read from the source. */
    READING,
    /** Its bytes have arrived and are being written to the data device. */
    WRITING,
    /** A request replaces it whole; nobody may fetch it. */
    CLAIMED,
    /** Its data is on the data device; flush and header bit are missing. */
    COMMITTING,
    /** A fetch has failed and is tried again after a while. */
    DELAYED
  }

  final int stripe;
  Phase phase = Phase.QUEUED;

  /** Whether a request waits for it, so that it overtakes the background. */
  boolean demanded;

  /** Whether its buffer is one of those that the background may take. */
  boolean background;

  /** How many attempts to fetch it have failed. */
  int failures;

  /** Its bytes, from the fetch's beginning to the end of the write. */
  @Nullable StripeBuffer buffer;

  /** How much of it has been handed to the data device, in bytes. */
  long written;

  /** The coordinator's count of failed flushes when the first byte was handed over. */
  int flushEpoch;

  /** The request that replaces it. */
  @Nullable HeldChange claimant;

  /** Reads that want its bytes. */
  final List<HeldWait> readers = new ArrayList<>();

  /** Changes that want it on the disk. */
  final List<HeldChange> changers = new ArrayList<>();

  StripeWork(int stripe) {
    this.stripe = stripe;
  }

  /** Whether a request may claim it: nothing is under way, and no change counts on the source. */
  boolean isFree() {
    return changers.isEmpty() && (phase == Phase.QUEUED || phase == Phase.DELAYED);
  }

  boolean isWanted() {
    return !readers.isEmpty() || !changers.isEmpty();
  }

  /** Whether the data device holds what the source has. */
  boolean isReadable() {
    return phase == Phase.COMMITTING && claimant == null;
  }
}
