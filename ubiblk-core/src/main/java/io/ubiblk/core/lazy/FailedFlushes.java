package io.ubiblk.core.lazy;

import io.ubiblk.api.Status;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The flushes of the data device that have failed, which may have lost what no later one finds
 * missing. Confined to the coordinator's thread where nothing else is said.
 */
final class FailedFlushes {

  private int epoch;
  private int last = Status.OK;
  private volatile int ours;
  private volatile int statusOfOurs = Status.OK;
  private final AtomicInteger told = new AtomicInteger();

  /** To be kept when a write is begun; {@link #since} wants it when the write has ended. */
  int epoch() {
    return epoch;
  }

  /** Status of a flush that has failed since then; OK if none has. */
  int since(int then) {
    return then == epoch ? Status.OK : last;
  }

  /** A flush of the disk's user has failed. */
  void ofUser(int status) {
    epoch++;
    last = status;
  }

  /** A flush of the disk's own has failed: the next one on every channel must not succeed. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void ofOurs(int status) {
    epoch++;
    last = status;
    statusOfOurs = status;
    ours++;
  }

  /** How many of the disk's own have failed. Any thread. */
  int ours() {
    return ours;
  }

  /** Status of the last one of those. Any thread. */
  int statusOfOurs() {
    return statusOfOurs;
  }

  /**
   * How many of those some channel has told its user of: a channel that is opened later need not.
   * Any thread.
   */
  int told() {
    return told.get();
  }

  /** A channel tells its user of so many. Any thread. */
  void tell(int count) {
    told.accumulateAndGet(count, Math::max);
  }
}
