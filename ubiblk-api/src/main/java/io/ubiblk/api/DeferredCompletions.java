package io.ubiblk.api;

import java.util.Arrays;

/**
 * Completions that are known at once but may not be delivered from inside the call: for channels
 * that refuse a request or serve it without waiting. Confined to the reactor's thread; allocates
 * only while it grows.
 */
public final class DeferredCompletions {

  private final CompletionHandler handler;
  private final ReactorTask task;
  private long[] tags;
  private int[] statuses;
  private int head;
  private int size;

  /**
   * Creates an empty queue.
   *
   * @param reactor the channel's reactor
   * @param handler receives the completions in the reactor's next turn, in order
   * @param depth number of completions to make room for
   */
  public DeferredCompletions(Reactor reactor, CompletionHandler handler, int depth) {
    this.handler = handler;
    this.task = reactor.task(this::deliver);
    int capacity = Integer.highestOneBit(Math.max(1, depth) * 2 - 1);
    this.tags = new long[capacity];
    this.statuses = new int[capacity];
  }

  /**
   * Adds a completion.
   *
   * @param tag the request's tag
   * @param status the request's outcome
   */
  public void add(long tag, int status) {
    if (size == tags.length) {
      grow();
    }
    int i = (head + size) & (tags.length - 1);
    tags[i] = tag;
    statuses[i] = status;
    if (size++ == 0) {
      task.schedule();
    }
  }

  /** {@return how many completions wait to be delivered} */
  public int size() {
    return size;
  }

  private void deliver() {
    // Only what is there now: a handler whose requests complete at once must not keep the reactor
    // from its other work.
    try {
      for (int n = size; n > 0; n--) {
        long tag = tags[head];
        int status = statuses[head];
        head = (head + 1) & (tags.length - 1);
        size--;
        handler.completed(tag, status);
      }
    } finally {
      if (size > 0) {
        task.schedule();
      }
    }
  }

  private void grow() {
    int n = tags.length;
    long[] newTags = Arrays.copyOfRange(tags, head, head + n * 2);
    int[] newStatuses = Arrays.copyOfRange(statuses, head, head + n * 2);
    System.arraycopy(tags, 0, newTags, n - head, head);
    System.arraycopy(statuses, 0, newStatuses, n - head, head);
    tags = newTags;
    statuses = newStatuses;
    head = 0;
  }
}
