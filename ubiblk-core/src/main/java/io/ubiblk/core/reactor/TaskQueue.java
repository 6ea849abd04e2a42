package io.ubiblk.core.reactor;

import java.util.ArrayDeque;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Work handed to a loop: by its own thread without synchronisation, by other threads through a
 * queue and a wake-up.
 *
 * <p>The queue from other threads has no bound. A bound would have to make a producer wait, and two
 * loops that wait for each other never come back. What keeps it short is that a task is in it once
 * at most.
 */
final class TaskQueue {

  private static final int CHUNK = 256;

  private final MpscUnboundedAtomicArrayQueue<Runnable> foreign =
      new MpscUnboundedAtomicArrayQueue<>(CHUNK);
  private final ArrayDeque<Runnable> own = new ArrayDeque<>(CHUNK);

  void addOwn(Runnable work) {
    own.add(work);
  }

  void addForeign(Runnable work) {
    foreign.offer(work);
  }

  /** Takes one piece of work, or null if there is none. One thread at a time. */
  @Nullable Runnable poll() {
    Runnable work = own.poll();
    return work != null ? work : pollForeign();
  }

  /** Takes one piece of work of other threads, or null if there is none. One thread at a time. */
  @Nullable Runnable pollForeign() {
    return foreign.poll();
  }

  boolean isEmpty() {
    return own.isEmpty() && foreign.isEmpty();
  }

  /** Runs what is there now; work that is added meanwhile waits for the next call. */
  int run() {
    int count = 0;
    for (int n = own.size(); n > 0; n--) {
      own.remove().run();
      count++;
    }
    for (int n = foreign.size(); n > 0; n--) {
      Runnable work = foreign.poll();
      if (work == null) {
        break;
      }
      work.run();
      count++;
    }
    return count;
  }
}
