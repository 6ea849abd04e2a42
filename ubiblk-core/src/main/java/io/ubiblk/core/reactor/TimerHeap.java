package io.ubiblk.core.reactor;

import io.ubiblk.api.ReactorTimer;
import java.util.ArrayList;

/**
 * The timers of a loop: a binary heap by deadline, in which each timer knows its place. Setting and
 * cancelling allocate nothing.
 */
final class TimerHeap {

  private static final int UNSET = -1;

  private final ArrayList<Timer> heap = new ArrayList<>();

  /** Creates a timer that is not set. */
  ReactorTimer timer(Runnable work) {
    return new Timer(work);
  }

  /** The earliest deadline, or {@link Long#MAX_VALUE}. */
  long nextDeadline() {
    return heap.isEmpty() ? Long.MAX_VALUE : heap.getFirst().deadline;
  }

  /** Runs the timers whose deadline has come. */
  int run(long now) {
    int count = 0;
    // At most those that are set now: a timer that sets itself to the past must not hold the loop.
    for (int n = heap.size(); n > 0 && nextDeadline() <= now; n--) {
      Timer first = heap.getFirst();
      first.cancel();
      first.work.run();
      count++;
    }
    return count;
  }

  private void place(int index, Timer timer) {
    heap.set(index, timer);
    timer.index = index;
  }

  private void siftUp(int from, Timer timer) {
    int index = from;
    while (index > 0 && timer.deadline < heap.get((index - 1) / 2).deadline) {
      place(index, heap.get((index - 1) / 2));
      index = (index - 1) / 2;
    }
    place(index, timer);
  }

  private void siftDown(int from, Timer timer) {
    int index = from;
    while (index * 2 + 1 < heap.size()) {
      int child = index * 2 + 1;
      if (child + 1 < heap.size() && heap.get(child + 1).deadline < heap.get(child).deadline) {
        child++;
      }
      if (timer.deadline <= heap.get(child).deadline) {
        break;
      }
      place(index, heap.get(child));
      index = child;
    }
    place(index, timer);
  }

  private final class Timer implements ReactorTimer {
    private final Runnable work;
    private long deadline;
    private int index = UNSET;

    Timer(Runnable work) {
      this.work = work;
    }

    @Override
    public void set(long deadlineNanos) {
      cancel();
      deadline = deadlineNanos;
      heap.add(this);
      siftUp(heap.size() - 1, this);
    }

    @Override
    public void cancel() {
      if (index == UNSET) {
        return;
      }
      int hole = index;
      index = UNSET;
      Timer last = heap.removeLast();
      if (last == this) {
        return;
      }
      siftDown(hole, last);
      siftUp(last.index, last);
    }
  }
}
