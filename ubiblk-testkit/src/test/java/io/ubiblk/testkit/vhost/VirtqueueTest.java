package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtqueueTest {

  private static final Duration AT_ONCE = Duration.ZERO;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private GuestMemory memory;
  private Notifier kick;
  private Notifier call;
  private final List<Integer> returned = new ArrayList<>();
  private long lastLength;

  @BeforeEach
  void start() throws IOException {
    memory = GuestMemory.of(4 << 20);
    kick = Notifier.eventfd();
    call = Notifier.eventfd();
  }

  @AfterEach
  void stop() {
    memory.close();
    kick.close();
    call.close();
  }

  private Virtqueue queue(int size, boolean eventIndex) {
    RingLayout layout = RingLayout.allocate(memory, size);
    memory.slice(layout.used(), RingLayout.usedBytes(size)).fill((byte) 0x77);
    return new Virtqueue(new SplitRing(memory, layout), eventIndex, kick, call);
  }

  private static DescriptorList chain(int descriptors) {
    DescriptorList list = new DescriptorList();
    for (int i = 0; i < descriptors; i++) {
      list.writable(0x1000L * (i + 1), 512);
    }
    return list;
  }

  private void returned(int token, long length) {
    returned.add(token);
    lastLength = length;
  }

  /** Takes every available chain and gives it back, as a device would. */
  private static void echo(Device device) {
    while (device.hasAvailable()) {
      device.use(device.take(), 1);
    }
  }

  /** A device that does nothing of its own accord. */
  private final class Device {
    private final RingLayout layout;
    private final MemorySegment available;
    private final MemorySegment used;
    int taken;
    int given;

    Device(Virtqueue queue) {
      layout = queue.ring().layout();
      available = memory.slice(layout.available(), RingLayout.availableBytes(layout.size()));
      used = memory.slice(layout.used(), RingLayout.usedBytes(layout.size()));
    }

    boolean hasAvailable() {
      return available.get(ValueLayout.JAVA_SHORT, 2) != (short) taken;
    }

    int take() {
      long at = 4 + 2L * (taken++ % layout.size());
      return Short.toUnsignedInt(available.get(ValueLayout.JAVA_SHORT, at));
    }

    void use(int head, int length) {
      long at = 4 + 8L * (given++ % layout.size());
      used.set(ValueLayout.JAVA_INT, at, head);
      used.set(ValueLayout.JAVA_INT, at + 4, length);
      used.set(ValueLayout.JAVA_SHORT, 2, (short) given);
    }

    void wantKicks(boolean wanted) {
      used.set(ValueLayout.JAVA_SHORT, 0, (short) (wanted ? 0 : 1));
    }

    void wantKickAt(int index) {
      used.set(ValueLayout.JAVA_SHORT, 4 + 8L * layout.size(), (short) index);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 1024, 32768})
  void indexesWrapAndNoDescriptorIsLost(int size) throws IOException {
    Virtqueue queue = queue(size, true);
    Device device = new Device(queue);
    int rounds = 70_000;
    Random random = new Random(size);
    for (int i = 0; i < rounds; ) {
      int batch = 1 + random.nextInt(Math.min(size, 5));
      for (int k = 0; k < batch; k++) {
        assertTrue(queue.add(chain(1), i++));
      }
      queue.publish();
      echo(device);
      assertEquals(batch, queue.poll(this::returned));
    }
    for (int i = 0; i < returned.size(); i++) {
      assertEquals(i, returned.get(i));
    }
    assertTrue(queue.add(chain(size), 1));
    assertFalse(queue.add(chain(1), 2));
  }

  @Test
  void chainsComeBackInAnyOrderAndTheirDescriptorsAreUsedAgain() throws IOException {
    Virtqueue queue = queue(16, true);
    Device device = new Device(queue);
    Random random = new Random(3);
    List<Integer> out = new ArrayList<>();
    int sent = 0;
    for (int round = 0; round < 5000; round++) {
      while (queue.add(chain(1 + random.nextInt(4)), sent)) {
        sent++;
      }
      queue.publish();
      while (device.hasAvailable()) {
        out.add(device.take());
      }
      while (!out.isEmpty() && random.nextInt(4) > 0) {
        int any = random.nextInt(out.size());
        device.use(out.set(any, out.getLast()), 0);
        out.removeLast();
      }
      queue.poll(this::returned);
      assertEquals(sent - returned.size(), queue.inFlight());
    }
    assertEquals(returned.size(), returned.stream().distinct().count());
  }

  @Test
  void descriptorsOfAChainAreLinked() throws IOException {
    Virtqueue queue = queue(8, true);
    DescriptorList list = new DescriptorList().readable(0x1000, 16).writable(0x2000, 513);
    queue.add(list, 1);
    queue.publish();
    RingLayout layout = queue.ring().layout();
    int head = new Device(queue).take();
    MemorySegment table = memory.slice(layout.descriptors(), 128);
    assertEquals(0x1000, table.get(ValueLayout.JAVA_LONG, head * 16L));
    assertEquals(16, table.get(ValueLayout.JAVA_INT, head * 16L + 8));
    assertEquals(SplitRing.NEXT, table.get(ValueLayout.JAVA_SHORT, head * 16L + 12));
    int next = table.get(ValueLayout.JAVA_SHORT, head * 16L + 14);
    assertEquals(0x2000, table.get(ValueLayout.JAVA_LONG, next * 16L));
    assertEquals(513, table.get(ValueLayout.JAVA_INT, next * 16L + 8));
    assertEquals(SplitRing.WRITE, table.get(ValueLayout.JAVA_SHORT, next * 16L + 12));
  }

  @Test
  void nothingIsVisibleBeforeItIsPublished() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    queue.add(chain(2), 1);
    assertFalse(device.hasAvailable());
    queue.publish();
    assertTrue(device.hasAvailable());
  }

  @Test
  void aChainThatComesTwiceIsAViolation() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    queue.add(chain(1), 1);
    queue.add(chain(1), 2);
    queue.publish();
    int head = device.take();
    device.use(head, 0);
    device.use(head, 0);
    DeviceViolationException violation =
        assertThrows(DeviceViolationException.class, () -> queue.poll(this::returned));
    assertTrue(violation.toString().contains("chain " + head), violation::toString);
    assertEquals(List.of(1), returned);
  }

  @Test
  void aChainThatWasNeverGivenOutIsAViolation() throws IOException {
    for (int head : new int[] {7, 8, 0x10000, -1}) {
      Virtqueue queue = queue(8, true);
      Device device = new Device(queue);
      queue.add(chain(1), 1);
      queue.publish();
      device.use(head, 0);
      assertThrows(DeviceViolationException.class, () -> queue.poll(this::returned));
    }
  }

  @Test
  void moreThanWasGivenOutIsAViolation() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    queue.add(chain(1), 1);
    queue.publish();
    device.use(device.take(), 0);
    device.use(0, 0);
    assertThrows(DeviceViolationException.class, () -> queue.poll(this::returned));
  }

  @Test
  void aLengthBeyondTheBuffersIsAViolation() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    queue.add(chain(2), 1);
    queue.add(chain(2), 2);
    queue.publish();
    device.use(device.take(), 1024);
    assertEquals(1, queue.poll(this::returned));
    assertEquals(1024, lastLength);
    device.use(device.take(), 1025);
    assertThrows(DeviceViolationException.class, () -> queue.poll(this::returned));
  }

  @Test
  void kicksFollowTheFlag() throws IOException {
    Virtqueue queue = queue(8, false);
    Device device = new Device(queue);
    device.wantKicks(false);
    queue.add(chain(1), 1);
    assertFalse(queue.publish());
    assertFalse(kick.await(AT_ONCE));
    device.wantKicks(true);
    assertFalse(queue.publish(), "nothing was added");
    queue.add(chain(1), 2);
    assertTrue(queue.publish());
    assertTrue(kick.await(AT_ONCE));
  }

  @Test
  void kicksFollowTheIndex() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    device.wantKickAt(2);
    queue.add(chain(1), 1);
    queue.add(chain(1), 2);
    assertFalse(queue.publish());
    queue.add(chain(1), 3);
    assertTrue(queue.publish());
    queue.add(chain(1), 4);
    assertFalse(queue.publish());
    device.wantKickAt(4);
    queue.add(chain(1), 5);
    assertTrue(queue.publish());
  }

  @Test
  void waitingAsksForACallAndEndsWithIt() throws Exception {
    for (boolean eventIndex : new boolean[] {false, true}) {
      Virtqueue queue = queue(8, eventIndex);
      Device device = new Device(queue);
      queue.add(chain(1), 1);
      queue.publish();
      assertFalse(wantsCall(queue, eventIndex));
      Thread thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!wantsCall(queue, eventIndex)) {
                      Thread.onSpinWait();
                    }
                    device.use(device.take(), 0);
                    signal();
                  });
      assertTrue(queue.await(PATIENCE));
      thread.join();
      assertFalse(wantsCall(queue, eventIndex));
      assertEquals(1, queue.calls());
    }
  }

  private boolean wantsCall(Virtqueue queue, boolean eventIndex) {
    RingLayout layout = queue.ring().layout();
    MemorySegment available = memory.slice(layout.available(), RingLayout.availableBytes(8));
    return eventIndex
        ? available.get(ValueLayout.JAVA_SHORT, 20) == 0
        : available.get(ValueLayout.JAVA_SHORT, 0) == 0;
  }

  private void signal() {
    try {
      call.signal();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aCallThatDoesNotComeIsAViolation() throws Exception {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    queue.add(chain(1), 1);
    queue.publish();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!wantsCall(queue, true)) {
                    Thread.onSpinWait();
                  }
                  // The driver must be waiting by then, or it needs no call.
                  LockSupport.parkNanos(100_000_000);
                  device.use(device.take(), 0);
                });
    assertThrows(DeviceViolationException.class, () -> queue.await(Duration.ofSeconds(1)));
    thread.join();
  }

  @Test
  void waitingForNothingEndsInTime() throws IOException {
    Virtqueue queue = queue(8, true);
    assertFalse(queue.await(Duration.ofMillis(20)));
    call.signal();
    assertFalse(queue.await(Duration.ofMillis(20)), "a call with nothing behind it");
  }

  @Test
  void chainsThatAreOutCanBeOfferedAgain() throws IOException {
    Virtqueue queue = queue(8, true);
    Device device = new Device(queue);
    for (int i = 0; i < 5; i++) {
      queue.add(chain(1), i);
    }
    queue.publish();
    int first = device.take();
    int second = device.take();
    int third = device.take();
    device.use(second, 0);
    device.use(third, 0);
    assertThrows(IllegalStateException.class, queue::offerAgain);
    assertEquals(2, queue.poll(this::returned));
    queue.offerAgain();
    Device next = new Device(queue);
    next.taken = queue.ring().usedIndex();
    next.given = next.taken;
    echo(next);
    assertEquals(3, queue.poll(this::returned));
    assertEquals(List.of(0, 1, 2, 3, 4), returned.stream().sorted().toList());
    assertTrue(first != second);
  }

  @Test
  void aChainNeedsADescriptor() {
    Virtqueue queue = queue(8, true);
    assertThrows(IllegalArgumentException.class, () -> queue.add(new DescriptorList(), 1));
  }
}
