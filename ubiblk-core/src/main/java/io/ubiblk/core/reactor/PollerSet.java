package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import java.util.ArrayList;

/**
 * The pollers of a loop that are active. One that has found nothing for a while is put to rest, so
 * that a loop that serves many queues polls only those that are busy.
 */
final class PollerSet {

  private final ArrayList<Entry> active = new ArrayList<>();
  private final long restAfterNanos;

  /**
   * Creates an empty set.
   *
   * @param restAfterNanos how long a poller that finds nothing is polled while the loop is busy
   *     otherwise
   */
  PollerSet(long restAfterNanos) {
    this.restAfterNanos = restAfterNanos;
  }

  Polling register(Poller poller) {
    return new Entry(poller);
  }

  boolean isEmpty() {
    return active.isEmpty();
  }

  int poll(long now) {
    int work = 0;
    // From the end, so that an entry that leaves does not hide another.
    for (int i = active.size() - 1; i >= 0; i--) {
      if (i < active.size()) {
        work += active.get(i).poll(now);
      }
    }
    return work;
  }

  /**
   * Puts every poller to rest, because the loop is about to wait.
   *
   * @return whether all of them rest
   */
  boolean restAll() {
    for (int i = active.size() - 1; i >= 0; i--) {
      if (i < active.size() && !active.get(i).rest()) {
        return false;
      }
    }
    return true;
  }

  private final class Entry implements Polling {
    private final Poller poller;
    private boolean isActive;
    private boolean fresh;
    private long lastWork;

    Entry(Poller poller) {
      this.poller = poller;
    }

    @Override
    public void activate() {
      fresh = true;
      if (!isActive) {
        isActive = true;
        active.add(this);
      }
    }

    @Override
    public void deactivate() {
      if (isActive) {
        isActive = false;
        active.remove(this);
      }
    }

    int poll(long now) {
      try {
        int work = poller.poll();
        if (work > 0 || fresh) {
          fresh = false;
          lastWork = now;
        } else if (now - lastWork > restAfterNanos) {
          rest();
        }
        return work;
      } catch (RuntimeException | Error e) {
        // Otherwise it would keep those behind it from their turn again and again.
        deactivate();
        throw e;
      }
    }

    boolean rest() {
      boolean rests = true;
      try {
        rests = poller.rest();
      } finally {
        // Also one that throws: it would keep the loop from ever waiting.
        if (rests) {
          deactivate();
        }
      }
      return rests;
    }
  }
}
