package io.ubiblk.core.rpc;

import io.ubiblk.core.lazy.FetchProgress;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Estimates how long fetching will take, from how fast it went during the last minute in which
 * somebody asked. It looks only when it is asked, so that it costs nothing otherwise.
 */
final class FetchEstimate {

  private static final long WINDOW_NANOS = 60_000_000_000L;
  private static final long LEAST_APART_NANOS = 1_000_000_000L;

  private record Sample(long nanos, long fetched) {}

  private final Deque<Sample> samples = new ArrayDeque<>();

  FetchBacklog backlog(FetchProgress progress, long now) {
    add(new Sample(now, progress.fetched()));
    Sample oldest = samples.getFirst();
    long nanos = now - oldest.nanos();
    long stripes = Math.max(0, progress.fetched() - oldest.fetched());
    double rate = nanos > 0 ? stripes * 1e9 * progress.stripeSize() / nanos : 0;
    long left = Math.max(0, progress.source() - progress.fetched());
    long bytesLeft = left * progress.stripeSize();
    long seconds = rate > 0 ? (long) Math.ceil(bytesLeft / rate) : -1;
    return new FetchBacklog(
        left,
        bytesLeft,
        progress.underWay(),
        progress.failures(),
        Math.round(rate),
        left == 0 ? 0 : seconds);
  }

  private void add(Sample sample) {
    if (samples.isEmpty() || sample.nanos() - samples.getLast().nanos() >= LEAST_APART_NANOS) {
      samples.addLast(sample);
    }
    while (samples.size() > 2 && sample.nanos() - samples.getFirst().nanos() > WINDOW_NANOS) {
      samples.removeFirst();
    }
  }
}
