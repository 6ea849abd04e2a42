package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the memory of all connections of a server. Thread-safe. */
public final class MemoryBudget {

  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final ConcurrentLinkedQueue<Waiter> waiting = new ConcurrentLinkedQueue<>();

  /** Somebody who goes on when memory is released. */
  static final class Waiter {
    private final ReactorTask task;
    private final AtomicBoolean queued = new AtomicBoolean();

    /**
     * Creates a waiter.
     *
     * @param task tries again
     */
    Waiter(ReactorTask task) {
      this.task = task;
    }
  }

  /**
   * Creates a budget.
   *
   * @param limit most bytes
   */
  public MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** {@return how many bytes are taken} */
  public long used() {
    return used.get();
  }

  /** Takes memory if there is some; returns whether there was. */
  boolean reserve(long bytes) {
    long present = used.get();
    while (present + bytes <= limit) {
      if (used.compareAndSet(present, present + bytes)) {
        return true;
      }
      present = used.get();
    }
    return false;
  }

  /** Takes memory in any case. */
  void force(long bytes) {
    used.addAndGet(bytes);
  }

  void release(long bytes) {
    used.addAndGet(-bytes);
    for (Waiter w = waiting.poll(); w != null; w = waiting.poll()) {
      w.queued.set(false);
      w.task.schedule();
    }
  }

  /** Runs the waiter's task when memory is released, and once soon in any case. */
  void await(Waiter waiter) {
    if (waiter.queued.compareAndSet(false, true)) {
      waiting.add(waiter);
      // What was released before the waiter was in the queue has woken nobody.
      waiter.task.schedule();
    }
  }
}
