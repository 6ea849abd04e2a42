package io.ubiblk.examples.top;

import io.ubiblk.core.layer.QueueTracker;

/**
 * How much a queue, or several, did a second.
 *
 * @param bytesRead bytes of reads
 * @param bytesWritten bytes of writes
 * @param reads number of reads
 * @param writes number of writes
 * @param flushes number of flushes
 */
record Rates(double bytesRead, double bytesWritten, double reads, double writes, double flushes) {

  static final Rates NONE = new Rates(0, 0, 0, 0, 0);

  private static final double NANOS_PER_SECOND = 1e9;

  /** Returns what one queue did between two moments; nothing if its backend began anew. */
  static Rates between(QueueTracker.Totals before, QueueTracker.Totals after, long nanos) {
    boolean anew =
        after.bytesRead() < before.bytesRead()
            || after.bytesWritten() < before.bytesWritten()
            || after.flushOps() < before.flushOps();
    if (anew || nanos <= 0) {
      return NONE;
    }
    double seconds = nanos / NANOS_PER_SECOND;
    return new Rates(
        (after.bytesRead() - before.bytesRead()) / seconds,
        (after.bytesWritten() - before.bytesWritten()) / seconds,
        (after.readOps() - before.readOps()) / seconds,
        (after.writeOps() - before.writeOps()) / seconds,
        (after.flushOps() - before.flushOps()) / seconds);
  }

  /** Returns what all queues of a backend did between two samples. */
  static Rates between(Sample before, Sample after) {
    Rates sum = NONE;
    int queues = Math.min(before.queues().size(), after.queues().size());
    for (int i = 0; i < queues; i++) {
      sum = sum.plus(ofQueue(before, after, i));
    }
    return sum;
  }

  /** Returns what one queue of a backend did between two samples. */
  static Rates ofQueue(Sample before, Sample after, int queue) {
    if (queue >= before.queues().size()) {
      return NONE;
    }
    return between(
        before.queues().get(queue), after.queues().get(queue), after.nanos() - before.nanos());
  }

  Rates plus(Rates other) {
    return new Rates(
        bytesRead + other.bytesRead,
        bytesWritten + other.bytesWritten,
        reads + other.reads,
        writes + other.writes,
        flushes + other.flushes);
  }
}
