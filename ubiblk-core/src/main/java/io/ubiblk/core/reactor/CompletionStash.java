package io.ubiblk.core.reactor;

import io.ubiblk.core.linux.CompletionQueue;
import java.util.Arrays;

/** Completions that had to be taken from the ring before they could be delivered. */
final class CompletionStash {

  private long[] userData = new long[64];
  private long[] outcome = new long[64];
  private int head;
  private int tail;

  boolean isEmpty() {
    return head == tail;
  }

  long userData() {
    return userData[head];
  }

  int result() {
    return (int) outcome[head];
  }

  int flags() {
    return (int) (outcome[head] >>> 32);
  }

  void advance() {
    head++;
    if (head == tail) {
      head = 0;
      tail = 0;
    }
  }

  void fill(CompletionQueue queue) {
    for (int n = queue.available(); n > 0; n--) {
      if (tail == userData.length) {
        userData = Arrays.copyOf(userData, tail * 2);
        outcome = Arrays.copyOf(outcome, tail * 2);
      }
      userData[tail] = queue.userData();
      outcome[tail++] = Integer.toUnsignedLong(queue.result()) | (long) queue.flags() << 32;
      queue.advance();
    }
  }
}
