package io.ubiblk.core.lazy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a stripe on their way. Held by the fetch and by every read that is answered from it;
 * goes back to its pool when the last one lets go, on whichever thread.
 */
final class StripeBuffer {

  private static final int ALIGNMENT = 4096;

  /** Which of the pool's buffers this is, from 0. */
  final int number;

  private final Arena arena;
  private final int bytes;
  private @Nullable MemorySegment memory;
  private final Consumer<StripeBuffer> onFree;
  private final AtomicInteger holders = new AtomicInteger();

  /**
   * Creates a buffer without memory.
   *
   * @param arena where memory comes from when it is wanted
   * @param bytes size of the stripe
   * @param onFree receives the buffer when nobody holds it any more
   */
  StripeBuffer(int number, Arena arena, int bytes, Consumer<StripeBuffer> onFree) {
    this.number = number;
    this.arena = arena;
    this.bytes = bytes;
    this.onFree = onFree;
  }

  /**
   * Returns the memory, and sees to it that there is some: new memory is filled with zeros, which
   * takes its time for a large stripe. Not on a reactor, and only by who fills the buffer.
   */
  MemorySegment makeMemory() {
    MemorySegment present = memory;
    if (present == null) {
      present = arena.allocate(bytes, ALIGNMENT);
      memory = present;
    }
    return present;
  }

  /** The memory of a buffer that has been filled. */
  MemorySegment memory() {
    MemorySegment present = memory;
    if (present == null) {
      throw new IllegalStateException("buffer " + number + " has not been filled");
    }
    return present;
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
