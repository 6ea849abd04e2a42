package io.ubiblk.core.reactor;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import java.util.ArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the reactors that run in real time have in common: tasks, timers, pollers, and the protocol
 * between a loop that goes to sleep and a thread that wakes it.
 */
abstract class BaseLoop implements IoReactor {

  private static final Logger LOG = LoggerFactory.getLogger(BaseLoop.class);

  /** How much is run at the end, where work may add work for ever. */
  private static final int MOST_AT_THE_END = 100_000;

  private final Thread owner = Thread.currentThread();
  private final TaskQueue tasks = new TaskQueue();
  private final TimerHeap timers = new TimerHeap();
  private final PollerSet pollers;
  private long now = System.nanoTime();
  private final AtomicBoolean sleeping = new AtomicBoolean();

  /** Held while the loop is woken: its descriptor must not be given up, and reused, meanwhile. */
  private final Object waking = new Object();

  /** Work that came when the loop had ended, for those who added it; the lock of its takers. */
  private final ArrayList<Runnable> leftOver = new ArrayList<>();

  /** Nothing is taken from other threads any more. */
  private volatile boolean closed;

  private volatile boolean released;

  BaseLoop(long restAfterNanos) {
    pollers = new PollerSet(restAfterNanos);
  }

  /** Delivers the completions that are there; returns their number. */
  abstract int deliver();

  /** Starts what is queued; does not wait. */
  abstract void start();

  /** Starts what is queued and waits for a completion, a watched descriptor or a wake-up. */
  abstract void startAndWait(long maxNanos);

  /** Makes {@link #startAndWait} return. Any thread. */
  abstract void wake();

  /** Releases the loop's resources. */
  abstract void release();

  /** How many operations on files are in flight. */
  abstract int inFlight();

  @Override
  public final boolean inReactor() {
    return Thread.currentThread() == owner;
  }

  @Override
  public final long nanoTime() {
    return inReactor() ? now : System.nanoTime();
  }

  @Override
  public final void execute(Runnable work) {
    if (isOver() || !add(work)) {
      throw new RejectedExecutionException("reactor has been closed: " + this);
    }
  }

  @Override
  public final ReactorTask task(Runnable work) {
    return new LoopTask(this, work);
  }

  @Override
  public final ReactorTimer timer(Runnable work) {
    return timers.timer(work);
  }

  @Override
  public final Executor blocking() {
    return BlockingWork.EXECUTOR;
  }

  @Override
  public final Polling poll(Poller poller) {
    return pollers.register(poller);
  }

  @Override
  public final int turn() {
    assert inReactor();
    now = System.nanoTime();
    int work = deliver();
    work += tasks.run();
    work += timers.run(now);
    work += pollers.poll(now);
    start();
    return work;
  }

  @Override
  public final void await(long maxNanos) {
    assert inReactor();
    if (!pollers.restAll()) {
      return;
    }
    long next = timers.nextDeadline();
    long wait = next == Long.MAX_VALUE ? maxNanos : Math.min(maxNanos, next - System.nanoTime());
    // A thread that adds work looks at the flag afterwards; we look for work after setting it. Both
    // are
    // volatile, so one of us sees the other.
    sleeping.set(true);
    try {
      if (wait > 0 && tasks.isEmpty()) {
        startAndWait(wait);
      }
    } finally {
      sleeping.set(false);
    }
  }

  @Override
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (inReactor()) {
      runTheRest();
    }
    synchronized (waking) {
      if (!released) {
        released = true;
        release();
      }
    }
  }

  final boolean isClosed() {
    return closed;
  }

  /** Whether the calling thread may add no work. While it runs the rest, the own thread may. */
  private boolean isOver() {
    return closed && (released || !inReactor());
  }

  /** Runs what was taken before the end: somebody may wait for it. */
  private void runTheRest() {
    for (int i = 0; i < MOST_AT_THE_END; i++) {
      Runnable work;
      synchronized (leftOver) {
        // Another thread may have looked for its own work among them.
        work = leftOver.isEmpty() ? tasks.poll() : leftOver.removeFirst();
      }
      if (work == null) {
        return;
      }
      try {
        work.run();
      } catch (RuntimeException | Error e) {
        LOG.error("work at the end of {} failed", this, e);
      }
    }
  }

  /** Adds work; returns false if nobody will run it, because the loop has ended meanwhile. */
  private boolean add(Runnable work) {
    if (inReactor()) {
      tasks.addOwn(work);
      return true;
    }
    tasks.addForeign(work);
    // Either the loop's thread, which looks for work after it has set the flag, finds this work, or
    // we see the flag here.
    if (closed && takeBack(work)) {
      return false;
    }
    wakeIfAsleep();
    return true;
  }

  /** Takes work back that the loop's thread has not begun; it may have been set aside for us. */
  private boolean takeBack(Runnable work) {
    synchronized (leftOver) {
      Runnable next;
      while ((next = tasks.pollForeign()) != null) {
        leftOver.add(next);
      }
      for (int i = 0; i < leftOver.size(); i++) {
        if (leftOver.get(i) == work) {
          leftOver.remove(i);
          return true;
        }
      }
      return false;
    }
  }

  /** To be called by another thread after it has stored what the loop should find. */
  final void wakeIfAsleep() {
    if (sleeping.get() && sleeping.compareAndSet(true, false)) {
      synchronized (waking) {
        if (!released) {
          wake();
        }
      }
    }
  }

  /** Recurring work: in the queue at most once. */
  private static final class LoopTask implements ReactorTask, Runnable {
    private final BaseLoop loop;
    private final Runnable work;
    private final AtomicBoolean scheduled = new AtomicBoolean();

    LoopTask(BaseLoop loop, Runnable work) {
      this.loop = loop;
      this.work = work;
    }

    @Override
    public void schedule() {
      if (!loop.isOver() && scheduled.compareAndSet(false, true)) {
        // Work of a loop that has ended is dropped.
        loop.add(this);
      }
    }

    @Override
    public void run() {
      // Cleared before the work begins: what is scheduled from now on runs again.
      scheduled.set(false);
      work.run();
    }
  }
}
