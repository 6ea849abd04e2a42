package io.ubiblk.testkit;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/** The smallest loop that keeps the contract, with a clock that jumps. */
final class VirtualLoop implements EventLoop {

  private final Thread owner = Thread.currentThread();
  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.<Timer>comparingLong(t -> t.deadline));
  private long now;
  private volatile boolean closed;

  private final class Task implements ReactorTask {
    private final Runnable work;
    private final AtomicBoolean scheduled = new AtomicBoolean();

    Task(Runnable work) {
      this.work = work;
    }

    @Override
    public void schedule() {
      if (!closed && scheduled.compareAndSet(false, true)) {
        ready.add(this::run);
      }
    }

    private void run() {
      scheduled.set(false);
      work.run();
    }
  }

  private final class Timer implements ReactorTimer {
    private final Runnable work;
    private long deadline;

    Timer(Runnable work) {
      this.work = work;
    }

    @Override
    public void set(long deadlineNanos) {
      cancel();
      deadline = deadlineNanos;
      timers.add(this);
    }

    @Override
    public void cancel() {
      timers.remove(this);
    }
  }

  @Override
  public boolean inReactor() {
    return Thread.currentThread() == owner;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void execute(Runnable work) {
    if (closed) {
      throw new RejectedExecutionException("the loop is closed");
    }
    ready.add(work);
  }

  @Override
  public ReactorTask task(Runnable work) {
    return new Task(work);
  }

  @Override
  public ReactorTimer timer(Runnable work) {
    return new Timer(work);
  }

  @Override
  public Executor blocking() {
    return Thread::startVirtualThread;
  }

  @Override
  public int turn() {
    checkThread();
    ArrayDeque<Runnable> turn = new ArrayDeque<>();
    for (Runnable r = ready.poll(); r != null; r = ready.poll()) {
      turn.add(r);
    }
    while (!timers.isEmpty() && timers.peek().deadline <= now) {
      turn.add(timers.poll().work);
    }
    int done = turn.size();
    turn.forEach(Runnable::run);
    return done;
  }

  @Override
  public void await(long maxNanos) {
    checkThread();
    if (ready.isEmpty()) {
      long wake = now + maxNanos;
      now = timers.isEmpty() ? wake : Math.clamp(timers.peek().deadline, now, wake);
    }
  }

  @Override
  public void close() {
    checkThread();
    closed = true;
    ready.clear();
    timers.clear();
  }

  private void checkThread() {
    if (!inReactor()) {
      throw new AssertionError("loop driven by " + Thread.currentThread());
    }
  }
}
