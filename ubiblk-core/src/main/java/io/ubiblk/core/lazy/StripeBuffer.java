package io.ubiblk.core.lazy;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The bytes of a stripe on their way. Held by the fetch and by every read that is answered from it;
 * goes back to its pool when the last one lets go, on whichever thread.
 */
final class StripeBuffer {

  /** Which of the pool's buffers this is, from 0. */
  final int number;

  private final MemorySegment memory;
  private final Consumer<StripeBuffer> onFree;
  private final AtomicInteger holders = new AtomicInteger();

  StripeBuffer(int number, MemorySegment memory, Consumer<StripeBuffer> onFree) {
    this.number = number;
    this.memory = memory;
    this.onFree = onFree;
  }

  MemorySegment memory() {
    return memory;
  }

  StripeBuffer hold() {
    holders.incrementAndGet();
    return this;
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      onFree.accept(this);
    }
  }
}
