package io.ubiblk.core.reactor;

import io.ubiblk.api.EventLoop;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A world of simulated reactors in one thread, with a clock that jumps from event to event.
 * Everything that is left to chance in real life (which reactor runs next, how long an operation or
 * a hand-over takes) is drawn from a seed, so that the same seed replays the same run.
 *
 * <p>A test opens reactors, sets things going from its own thread, and calls {@link #step} until
 * what it waits for has happened, or until it has seen enough and cuts the power.
 */
public final class Simulation {

  /** How many nanoseconds a hand-over to a reactor takes at most. */
  private static final int HAND_OVER_NANOS = 20_000;

  /** How many nanoseconds blocking work takes at most. */
  private static final int BLOCKING_NANOS = 2_000_000;

  private final SplittableRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Thread owner = Thread.currentThread();
  private long now;
  private @Nullable Object running;

  /**
   * Creates a world without reactors.
   *
   * @param seed decides everything
   */
  public Simulation(long seed) {
    random = new SplittableRandom(seed);
  }

  /** {@return a new reactor of this world} */
  public EventLoop newReactor() {
    return new SimulatedReactor(this);
  }

  /**
   * Runs the next event, and lets the clock jump to it.
   *
   * @return whether there was one
   */
  public boolean step() {
    Event event = events.poll();
    if (event == null) {
      return false;
    }
    run(event);
    return true;
  }

  /** Runs events until there are none. */
  public void run() {
    while (step()) {}
  }

  /** {@return the time of this world in nanoseconds since its beginning} */
  public long nanoTime() {
    return now;
  }

  /** Runs the next event if its time has come. */
  boolean stepIfDue() {
    Event next = events.peek();
    return next != null && next.time <= now && step();
  }

  /** Lets the clock jump to the next event, but not too far. */
  void jump(long mostNanos) {
    Event next = events.peek();
    long target = next == null ? Long.MAX_VALUE : next.time;
    now = Math.max(now, Math.min(target, now + mostNanos));
  }

  /** Runs work in somebody's name at a time. */
  void at(long time, Object who, Runnable work) {
    events.add(new Event(Math.max(now, time), random.nextLong(), who, work));
  }

  /** Runs work in somebody's name after a while. */
  void later(int mostNanos, Object who, Runnable work) {
    at(now + random.nextInt(mostNanos), who, work);
  }

  void handOver(Object who, Runnable work) {
    later(HAND_OVER_NANOS, who, work);
  }

  Executor blocking() {
    // In nobody's name: whatever runs there is on no reactor's thread.
    return work -> later(BLOCKING_NANOS, this, work);
  }

  /** Whether the present moment belongs to a reactor, or to the test that set it up. */
  boolean belongsTo(Object who) {
    return running == who || (running == null && Thread.currentThread() == owner);
  }

  private void run(Event event) {
    now = Math.max(now, event.time);
    running = event.who;
    try {
      event.work.run();
    } finally {
      running = null;
    }
  }

  private record Event(long time, long tie, Object who, Runnable work)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(tie, other.tie);
    }
  }
}
