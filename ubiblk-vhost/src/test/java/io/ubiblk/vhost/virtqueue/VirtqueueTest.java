package io.ubiblk.vhost.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.vhost.SharedMemory;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.memory.MappedRegion;
import io.ubiblk.vhost.memory.RegionDescription;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A queue whose reactor the test turns by hand, over a ring that it writes by hand. */
@SuppressWarnings("NullAway.Init") // set up before each test
class VirtqueueTest {

  private static final int SIZE = 64;
  private static final int BYTES = 1 << 16;
  private static final long BASE = 0x40000;
  private static final int AVAILABLE = 0x1000;
  private static final int USED = 0x2000;
  private static final int HEADER = 0x3000;
  private static final int STATUS = 0x4000;
  private static final int NEXT = 1;
  private static final int WRITE = 2;

  private final Arena arena = Arena.ofShared();
  private final Calls calls = new Calls();
  private final NullDevice device = new NullDevice(1 << 20);
  private SharedMemory shared;
  private MemorySegment view;
  private GuestMemory memory;
  private IoReactor loop;
  private Virtqueue queue;

  /** Counts interrupts. */
  private static final class Calls implements Signal {
    int count;

    @Override
    public void raise() {
      count++;
    }

    @Override
    public void finish(Runnable onFinished) {
      onFinished.run();
    }

    @Override
    public void close() {}
  }

  /** Counts what is told. */
  private final class Observer implements RingObserver {
    @Override
    public void memoryFaulted(GuestMemory faulted) {
      faults++;
    }

    @Override
    public void ringBroken(String name, String reason) {
      broken++;
    }

    @Override
    public void ringLost() {
      lost++;
    }
  }

  private int faults;
  private int broken;
  private int lost;

  @BeforeEach
  void start() throws IOException {
    shared = new SharedMemory(BYTES);
    view = shared.segment();
    memory =
        GuestMemory.of(
            List.of(
                MappedRegion.map(
                    new RegionDescription(BASE, BYTES, BASE, 0), shared.passOn(), false)));
    loop = (IoReactor) ReactorOptions.of(1).openLoop();
    RingSetup setup = new RingSetup(SIZE, 0, BASE, BASE + AVAILABLE, BASE + USED, false, false);
    queue =
        new Virtqueue(
            "test", loop, device, QueueLimits.of(arena, "test"), setup, memory, new Observer());
    queue.setCall(calls);
    queue.setEnabled(true);
    // Flushes: a header and a status each.
    view.set(ValueLayout.JAVA_INT, HEADER, BlockRequest.TYPE_FLUSH);
    for (int i = 0; i < SIZE; i += 2) {
      descriptor(i, BASE + HEADER, 16, NEXT, i + 1);
      descriptor(i + 1, BASE + STATUS + i, 1, WRITE, 0);
    }
  }

  private void descriptor(int index, long address, int length, int flags, int next) {
    view.set(ValueLayout.JAVA_LONG, 16L * index, address);
    view.set(ValueLayout.JAVA_INT, 16L * index + 8, length);
    view.set(ValueLayout.JAVA_SHORT, 16L * index + 12, (short) flags);
    view.set(ValueLayout.JAVA_SHORT, 16L * index + 14, (short) next);
  }

  @AfterEach
  void stop() throws IOException {
    boolean[] stopped = {false};
    queue.stop(() -> stopped[0] = true);
    while (!stopped[0]) {
      loop.turn();
    }
    loop.close();
    device.close();
    memory.release();
    shared.close();
    arena.close();
  }

  private int usedIndex() {
    return view.get(ValueLayout.JAVA_SHORT, USED + 2);
  }

  private void offer(int from, int count) {
    for (int i = from; i < from + count; i++) {
      view.set(ValueLayout.JAVA_SHORT, AVAILABLE + 4 + 2L * (i % SIZE), (short) (2 * i % SIZE));
    }
    view.set(ValueLayout.JAVA_SHORT, AVAILABLE + 2, (short) (from + count));
  }

  @Test
  void aBatchIsShownAndSignalledOnce() {
    for (int round = 1; round <= 5; round++) {
      offer(6 * (round - 1), 6);
      while (usedIndex() == 6 * (round - 1)) {
        loop.turn();
      }
      assertEquals(6 * round, usedIndex(), "requests that the driver sees");
      assertEquals(round, calls.count);
    }
  }

  @Test
  void theDriverSeesTheFirstOfManyRequestsBeforeTheLastIsTaken() {
    offer(0, 40);
    while (usedIndex() == 0) {
      loop.turn();
    }
    assertTrue(usedIndex() < 40, usedIndex() + " are over at once");
    while (usedIndex() < 40) {
      loop.turn();
    }
  }

  @Test
  void aRingWhoseMemoryFaultsIsLostWhateverItsFileSaysLater() throws IOException {
    offer(0, 3);
    while (usedIndex() == 0) {
      loop.turn();
    }
    shared.truncate(0);
    queue.kicked();
    while (lost == 0) {
      loop.turn();
    }
    shared.truncate(BYTES);
    assertEquals(1, broken);
    assertEquals(0, faults, "no request has failed");
    loop.turn();
    assertEquals(1, lost);
  }

  @Test
  void chainsThatAreOverAtOnceAreShownAndSignalledToo() {
    // A request that nobody knows is answered without the device.
    view.set(ValueLayout.JAVA_INT, HEADER, 77);
    offer(0, 3);
    while (usedIndex() == 0) {
      loop.turn();
    }
    assertEquals(3, usedIndex());
    assertEquals(1, calls.count);
    assertEquals(BlockRequest.UNSUPPORTED, view.get(ValueLayout.JAVA_BYTE, STATUS));
  }
}
