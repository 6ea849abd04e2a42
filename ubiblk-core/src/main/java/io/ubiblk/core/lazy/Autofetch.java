package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTimer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Walks through the stripes in ascending order and picks those that nobody has brought yet. As long
 * as some are missing at the end, it walks again after a while. Confined to the coordinator's
 * thread.
 */
final class Autofetch {

  private static final long PAUSE_NANOS = 30_000_000_000L;

  private final Coordinator coordinator;
  private final Reactor home;
  private final StripeMap map;
  private final ArrayDeque<StripeWork> again = new ArrayDeque<>();
  private final ReactorTimer pause;
  private boolean enabled;
  private boolean paused;
  private int next;

  /**
   * Creates the walk.
   *
   * @param onReady run when there is something to pick after a pause
   */
  Autofetch(
      Coordinator coordinator, Reactor home, StripeMap map, boolean enabled, Runnable onReady) {
    this.coordinator = coordinator;
    this.home = home;
    this.map = map;
    this.enabled = enabled;
    this.pause =
        home.timer(
            () ->
                coordinator.guarded(
                    () -> {
                      paused = false;
                      next = 0;
                      onReady.run();
                    }));
  }

  /** The next stripe to fetch, or null if there is none for now. */
  @Nullable StripeWork next() {
    StripeWork work = again.poll();
    while (work != null && work.phase != StripeWork.Phase.QUEUED) {
      work = again.poll();
    }
    return work != null || !enabled ? work : walk();
  }

  /** A stripe of the background is to be tried again. */
  void again(StripeWork work) {
    again.add(work);
  }

  void stop() {
    enabled = false;
    again.clear();
    pause.cancel();
  }

  private @Nullable StripeWork walk() {
    int end = coordinator.diskStripes();
    for (; next < end; next++) {
      if (!map.isReady(next) && coordinator.work(next) == null) {
        return coordinator.begin(next++);
      }
    }
    // What is still on its way may fail, whoever asked for it; then there is more to do.
    if (!paused && !coordinator.isComplete()) {
      paused = true;
      pause.set(home.nanoTime() + PAUSE_NANOS);
    }
    return null;
  }
}
