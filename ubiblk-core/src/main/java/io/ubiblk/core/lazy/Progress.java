package io.ubiblk.core.lazy;

import io.ubiblk.core.metadata.StripeHeader;
import java.util.concurrent.CopyOnWriteArrayList;

/** Counts what has been fetched and tells who listens. Written by the coordinator's thread. */
final class Progress {

  private final StripeMap map;
  private final CopyOnWriteArrayList<FetchListener> listeners = new CopyOnWriteArrayList<>();
  private final long source;
  private volatile int stripes;
  private volatile long fetched;
  private volatile long failures;
  private volatile long underWay;

  /**
   * Counts the stripes of a disk.
   *
   * @param stripes number of stripes that the disk has; the map may have more
   */
  Progress(StripeMap map, int stripes) {
    this.map = map;
    this.stripes = stripes;
    long withSource = 0;
    long ready = 0;
    for (int s = 0; s < stripes; s++) {
      int header = map.header(s);
      if (StripeHeader.hasSource(header)) {
        withSource++;
        if (StripeHeader.isReady(header)) {
          ready++;
        }
      }
    }
    this.source = withSource;
    this.fetched = ready;
  }

  FetchProgress snapshot() {
    return new FetchProgress(stripes, source, fetched, map.stripeSize(), underWay, failures);
  }

  boolean isComplete() {
    return fetched >= source;
  }

  void add(FetchListener listener) {
    listeners.addIfAbsent(listener);
  }

  void remove(FetchListener listener) {
    listeners.remove(listener);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void fetched() {
    fetched++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void failed() {
    failures++;
  }

  void grown(int newStripes) {
    stripes = newStripes;
  }

  void report(int nowUnderWay) {
    underWay = nowUnderWay;
    if (!listeners.isEmpty()) {
      FetchProgress snapshot = snapshot();
      listeners.forEach(l -> l.progressed(snapshot));
    }
  }
}
