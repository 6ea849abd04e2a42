package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets changes of whole blocks to an export in, as many as come, and the change of a part of a
 * block only while there is no other: it reads the block and writes it back, and would undo what
 * somebody else changes meanwhile. Thread-safe, and nobody waits in it: who is not let in is told
 * when to try again.
 */
final class ChangeGate {

  private static final long ALONE = Long.MIN_VALUE;

  /** How many changes of whole blocks are in, or {@link #ALONE}. */
  private final AtomicLong inside = new AtomicLong();

  /** How many changes want to be alone: meanwhile no others are let in. */
  private final AtomicInteger wanting = new AtomicInteger();

  private final ConcurrentLinkedQueue<Waiter> waiting = new ConcurrentLinkedQueue<>();

  /** Somebody who tries again when the gate may let more in. */
  static final class Waiter {
    private final ReactorTask task;
    private final AtomicBoolean queued = new AtomicBoolean();

    Waiter(ReactorTask task) {
      this.task = task;
    }
  }

  /** Lets a change of whole blocks in, or returns false. */
  boolean enter() {
    long count = inside.get();
    while (count >= 0 && wanting.get() == 0) {
      if (inside.compareAndSet(count, count + 1)) {
        return true;
      }
      count = inside.get();
    }
    return false;
  }

  /** A change of whole blocks is over. */
  void leave() {
    if (inside.decrementAndGet() == 0 && wanting.get() > 0) {
      wake();
    }
  }

  /** Says that somebody wants to be alone; he has to come in, or not want it any more. */
  void want() {
    wanting.incrementAndGet();
  }

  /** Lets one in who wants to be alone, or returns false. */
  boolean enterAlone() {
    if (inside.compareAndSet(0, ALONE)) {
      wanting.decrementAndGet();
      return true;
    }
    return false;
  }

  /** Who was alone is done. */
  void leaveAlone() {
    inside.set(0);
    wake();
  }

  /** Somebody does not want to be alone any more. */
  void giveUp() {
    wanting.decrementAndGet();
    wake();
  }

  /** Runs the waiter's task when it is worth a try, and once soon in any case. */
  void await(Waiter waiter) {
    if (waiter.queued.compareAndSet(false, true)) {
      waiting.add(waiter);
      // Who left before the waiter was in the queue has woken nobody.
      waiter.task.schedule();
    }
  }

  private void wake() {
    for (Waiter w = waiting.poll(); w != null; w = waiting.poll()) {
      w.queued.set(false);
      w.task.schedule();
    }
  }
}
