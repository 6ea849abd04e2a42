package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.api.Status;
import java.util.function.Consumer;

/**
 * Says that stripes could not be fetched: the first time at once, then once in a while how many it
 * were. A source that is gone must not fill the log. Confined to the coordinator's thread.
 */
final class FetchWarnings {

  /** How long to be silent after a line. */
  static final long INTERVAL_NANOS = 10_000_000_000L;

  private final String name;
  private final Reactor home;
  private final Consumer<String> log;
  private final ReactorTimer interval;
  private boolean silent;
  private boolean stopped;
  private int count;
  private int lastStripe;
  private int lastStatus;

  FetchWarnings(String name, Reactor home, Consumer<String> log) {
    this.name = name;
    this.home = home;
    this.log = log;
    this.interval = home.timer(this::intervalEnded);
  }

  /** A stripe could not be fetched. */
  void failed(int stripe, int status) {
    if (stopped) {
      return;
    }
    count++;
    lastStripe = stripe;
    lastStatus = status;
    if (!silent) {
      say();
    }
  }

  /** Says what has not been said yet; no line comes later. */
  void stop() {
    stopped = true;
    if (count > 0) {
      say();
    }
    interval.cancel();
  }

  private void intervalEnded() {
    silent = false;
    if (count > 0) {
      say();
    }
  }

  private void say() {
    String status = Status.name(lastStatus);
    log.accept(
        count == 1
            ? name + ": stripe " + lastStripe + " could not be fetched: " + status
            : name
                + ": "
                + count
                + " more fetches failed, the last one of stripe "
                + lastStripe
                + ": "
                + status);
    count = 0;
    silent = true;
    interval.set(home.nanoTime() + INTERVAL_NANOS);
  }
}
