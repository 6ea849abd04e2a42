package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Walks through the stripes in ascending order and picks those that nobody has brought yet. As long
 * as some are missing at the end, it walks again after a while. When one fetch after the other
 * fails, it rests, and then tries a single stripe from time to time, ever more rarely, until one
 * arrives. Confined to the coordinator's thread.
 */
final class Autofetch {

  /** Most stripes that are looked at before others get their turn: some tens of microseconds. */
  static final int STEP = 32 * 1024;

  /** How many fetches have to fail in a row before the walk rests. */
  static final int FAILURES_TO_REST = 8;

  private static final long PAUSE_NANOS = 30_000_000_000L;
  private static final long FIRST_REST_NANOS = 1_000_000_000;
  private static final long LONGEST_REST_NANOS = 300_000_000_000L;
  private static final int LONGEST_REST = 16;

  private final Coordinator coordinator;
  private final Reactor home;
  private final StripeMap map;
  private final Runnable onReady;
  private final ArrayDeque<StripeWork> again = new ArrayDeque<>();
  private final ReactorTask walkOn;
  private final ReactorTimer pause;
  private boolean enabled;
  private boolean paused;
  private int next;
  private int failures;
  private int rests;
  private boolean resting;

  /** Whether the rest has been interrupted for one stripe. */
  private boolean mayTryOne;

  /**
   * Creates the walk.
   *
   * @param onReady run when there may be something to pick again
   */
  Autofetch(
      Coordinator coordinator, Reactor home, StripeMap map, boolean enabled, Runnable onReady) {
    this.coordinator = coordinator;
    this.home = home;
    this.map = map;
    this.enabled = enabled;
    this.onReady = onReady;
    this.walkOn = home.task(coordinator.guarding(onReady));
    this.pause = home.timer(coordinator.guarding(this::pauseEnded));
  }

  /** The next stripe to fetch, or null if there is none for now. */
  @Nullable StripeWork next() {
    StripeWork work = again.poll();
    while (work != null && work.phase != StripeWork.Phase.QUEUED) {
      work = again.poll();
    }
    if (work != null || !enabled || (resting && !mayTryOne)) {
      return work;
    }
    return walk();
  }

  /** A stripe of the background is to be tried again. */
  void again(StripeWork work) {
    again.add(work);
  }

  /** A stripe has arrived, whoever asked for it: the source answers. */
  void succeeded() {
    failures = 0;
    if (resting) {
      resting = false;
      paused = false;
      pause.cancel();
    }
  }

  /** A fetch has been given up, whoever asked for it. */
  void failed() {
    failures++;
    if (failures >= FAILURES_TO_REST && !resting && enabled) {
      resting = true;
      mayTryOne = false;
      rests = 0;
      rest();
    }
  }

  void stop() {
    enabled = false;
    again.clear();
    pause.cancel();
  }

  private @Nullable StripeWork walk() {
    int end = coordinator.diskStripes();
    int stop = (int) Math.min(end, (long) next + STEP);
    for (; next < stop; next++) {
      if (!map.isReady(next) && coordinator.work(next) == null) {
        mayTryOne = false;
        return coordinator.begin(next++);
      }
    }
    if (next < end) {
      walkOn.schedule();
    } else if (!paused && !coordinator.isComplete()) {
      // What is still on its way may fail, whoever asked for it; then there is more to do.
      paused = true;
      pause.set(home.nanoTime() + PAUSE_NANOS);
    }
    return null;
  }

  private void rest() {
    paused = true;
    long nanos = FIRST_REST_NANOS << Math.min(rests++, LONGEST_REST);
    pause.set(home.nanoTime() + Math.min(nanos, LONGEST_REST_NANOS));
  }

  private void pauseEnded() {
    paused = false;
    if (next >= coordinator.diskStripes()) {
      next = 0;
    }
    if (resting && coordinator.isComplete()) {
      // Others have replaced what was missing: there is nothing to try.
      resting = false;
    } else if (resting) {
      mayTryOne = true;
      // Nobody need say what has become of the one that is tried now.
      rest();
    }
    onReady.run();
  }
}
