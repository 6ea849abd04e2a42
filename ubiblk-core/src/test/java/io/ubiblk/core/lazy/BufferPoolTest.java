package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The memory of fetches. */
class BufferPoolTest {

  private final EventLoop loop = Loops.simulated(1);

  private void settle() {
    for (long end = loop.nanoTime() + 1_000_000; loop.nanoTime() < end; loop.turn()) {
      loop.await(end - loop.nanoTime());
    }
  }

  @Test
  void takingABufferTakesNoMemory() {
    // More than there is: memory is cleared when it is made, which is not for the reactor to do.
    BufferPool pool = new BufferPool(loop, 1 << 30, 4096, () -> {});
    List<StripeBuffer> taken = new ArrayList<>();
    for (int i = 0; i < pool.most(); i++) {
      taken.add(pool.take());
    }
    assertThrows(IllegalStateException.class, taken.getFirst()::memory);
    taken.forEach(StripeBuffer::release);
    settle();
    assertEquals(0, pool.taken());
    pool.close();
  }

  @Test
  void memoryIsMadeOnceAndUsedAgain() {
    BufferPool pool = new BufferPool(loop, 4096, 2, () -> {});
    StripeBuffer first = pool.take();
    MemorySegment memory = first.makeMemory();
    assertSame(memory, first.makeMemory());
    assertSame(memory, first.memory());
    assertNotSame(memory, pool.take().makeMemory());
    first.release();
    settle();
    assertSame(memory, pool.take().makeMemory());
  }
}
