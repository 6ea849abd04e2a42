package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/**
 * What the driver itself costs: every request is sent back at once on the same thread by copying
 * the available ring to the used ring.
 */
class EchoSpeedTest {

  private static final int SIZE = 256;
  private static final int DEPTH = 32;

  /** Far below what any machine reaches, and far above what a driver that allocates would. */
  private static final long FLOOR = 300_000;

  private long completions;

  @Test
  void hundredsOfThousandsOfRequestsPassInASecond() throws IOException {
    long best = 0;
    for (int round = 0; round < 5 && best < FLOOR; round++) {
      best = Math.max(best, requestsPerSecond(round % 2 == 0));
    }
    assertTrue(best >= FLOOR, "no more than " + best + " requests a second");
  }

  private long requestsPerSecond(boolean indirect) throws IOException {
    try (GuestMemory memory = GuestMemory.of(4 << 20)) {
      RingLayout layout = RingLayout.allocate(memory, SIZE);
      SplitRing ring = new SplitRing(memory, layout);
      Virtqueue virtqueue = new Virtqueue(ring, true, null, null);
      AsyncQueue queue = new AsyncQueue(virtqueue, new SlotTable(memory, SIZE, 4), indirect);
      MemorySegment available = memory.slice(layout.available(), 4 + 2 * SIZE);
      MemorySegment used = memory.slice(layout.used(), 4 + 8 * SIZE);
      completions = 0;
      int index = 0;
      int batches = 10_000;
      long start = System.nanoTime();
      for (int i = 0; i < batches; i++) {
        for (int k = 0; k < DEPTH; k++) {
          assertTrue(queue.submitRead(k, 0x5000, 4096, k));
        }
        queue.kick();
        for (int k = 0; k < DEPTH; k++, index++) {
          long slot = index % SIZE;
          short head = available.get(ValueLayout.JAVA_SHORT, 4 + 2 * slot);
          used.set(ValueLayout.JAVA_INT, 4 + 8 * slot, Short.toUnsignedInt(head));
          used.set(ValueLayout.JAVA_INT, 8 + 8 * slot, 4097);
        }
        used.set(ValueLayout.JAVA_SHORT, 2, (short) index);
        queue.poll((tag, status, length) -> completions++);
      }
      long nanos = System.nanoTime() - start;
      assertEquals((long) batches * DEPTH, completions);
      return 1_000_000_000L * batches * DEPTH / nanos;
    }
  }
}
