package io.ubiblk.vhost.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The device's side of a ring on plain memory, with the driver's side written by hand. */
class SplitRingTest {

  private static final int SIZE = 8;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment descriptors = arena.allocate(SplitRing.descriptorBytes(SIZE), 16);
  private final MemorySegment available = arena.allocate(SplitRing.availableBytes(SIZE), 2);
  private final MemorySegment used = arena.allocate(SplitRing.usedBytes(SIZE), 4);

  @AfterEach
  void free() {
    arena.close();
  }

  private SplitRing ring(int base, boolean eventIndex) {
    return new SplitRing(SIZE, base, eventIndex, descriptors, available, used);
  }

  private void setAvailable(int index) {
    available.set(ValueLayout.JAVA_SHORT, 2, (short) index);
  }

  private void setEntry(int index, int head) {
    available.set(ValueLayout.JAVA_SHORT, 4 + 2L * (index % SIZE), (short) head);
  }

  private void setUsedEvent(int index) {
    available.set(ValueLayout.JAVA_SHORT, 4 + 2L * SIZE, (short) index);
  }

  private int usedIndex() {
    return Short.toUnsignedInt(used.get(ValueLayout.JAVA_SHORT, 2));
  }

  private int usedFlags() {
    return used.get(ValueLayout.JAVA_SHORT, 0);
  }

  private int availableEvent() {
    return Short.toUnsignedInt(used.get(ValueLayout.JAVA_SHORT, 4 + 8L * SIZE));
  }

  @Test
  void thePartsAreAsLongAsTheStandardSays() {
    assertEquals(16 * 256, SplitRing.descriptorBytes(256));
    assertEquals(6 + 2 * 256, SplitRing.availableBytes(256));
    assertEquals(6 + 8 * 256, SplitRing.usedBytes(256));
  }

  @Test
  void chainsAreTakenInTheOrderOfTheAvailableRing() {
    SplitRing ring = ring(0, false);
    assertEquals(0, ring.available());
    setEntry(0, 5);
    setEntry(1, 2);
    setAvailable(2);
    assertEquals(2, ring.available());
    assertEquals(5, ring.head());
    assertEquals(5, ring.head(), "looking takes nothing");
    ring.take();
    assertEquals(2, ring.head());
    ring.take();
    assertEquals(0, ring.available());
    assertEquals(2, ring.base());
  }

  @Test
  void indexesWrapAround() {
    setAvailable(0xfffe);
    used.set(ValueLayout.JAVA_SHORT, 2, (short) 0xfffe);
    SplitRing ring = ring(0xfffe, false);
    for (int i = 0; i < 4; i++) {
      setEntry(0xfffe + i, i);
    }
    setAvailable(0x10002);
    assertEquals(4, ring.available());
    for (int i = 0; i < 4; i++) {
      assertEquals(i, ring.head());
      ring.take();
      ring.complete(i, 100 + i);
    }
    assertEquals(0xfffe, usedIndex(), "the driver sees all of them at once, later");
    ring.publish();
    assertEquals(2, ring.base());
    assertEquals(2, usedIndex());
    long third = 4 + 8L * (0x10000 % SIZE);
    assertEquals(2, used.get(ValueLayout.JAVA_INT, third));
    assertEquals(102, used.get(ValueLayout.JAVA_INT, third + 4));
  }

  @Test
  void aHeadOutOfRangeIsToldAsItIs() {
    SplitRing ring = ring(0, false);
    setEntry(0, 0xffff);
    setAvailable(1);
    assertEquals(0xffff, ring.head());
    assertEquals(0, ring.base());
  }

  @Test
  void anIndexThatJumpedIsToldAsItIs() {
    SplitRing ring = ring(10, false);
    setAvailable(9);
    assertEquals(0xffff, ring.available());
    setAvailable(10 + SIZE + 1);
    assertEquals(SIZE + 1, ring.available());
  }

  @Test
  void aRingGoesOnAtTheUsedIndexThatIsInMemory() {
    used.set(ValueLayout.JAVA_SHORT, 2, (short) 7);
    SplitRing ring = ring(7, false);
    ring.complete(3, 9);
    ring.publish();
    assertEquals(8, usedIndex());
    assertEquals(3, used.get(ValueLayout.JAVA_INT, 4 + 8L * 7));
  }

  @Test
  void suppressionByFlagAsksForKicksAndLooksAgain() {
    SplitRing ring = ring(0, false);
    assertTrue(ring.requestKicks());
    assertEquals(0, usedFlags());
    ring.suppressKicks();
    assertEquals(1, usedFlags());
    setAvailable(1);
    assertFalse(ring.requestKicks(), "something came meanwhile");
    assertEquals(0, usedFlags());
  }

  @Test
  void suppressionByIndexAsksForKicksAndLooksAgain() {
    SplitRing ring = ring(0, true);
    setAvailable(1);
    ring.take();
    assertTrue(ring.requestKicks());
    assertEquals(1, availableEvent());
    ring.suppressKicks();
    assertEquals(1, availableEvent(), "an index that is left behind suppresses by itself");
    assertEquals(0, usedFlags());
    setAvailable(2);
    assertFalse(ring.requestKicks());
  }

  @Test
  void theFirstCompletionIsSignalledWhateverTheIndexSays() {
    SplitRing ring = ring(0, true);
    setUsedEvent(0x7000);
    assertFalse(ring.hasNews());
    ring.complete(0, 0);
    assertTrue(ring.hasNews());
    assertTrue(ring.publish());
    assertFalse(ring.hasNews());
  }

  @Test
  void completionsAreSignalledWhereTheDriverAskedByIndex() {
    SplitRing ring = ring(0, true);
    ring.complete(0, 0);
    ring.publish();
    for (int event = 0; event < 6; event++) {
      // Entries 1 to 3 are used in one go, anew each time.
      int from = 1 + 3 * event;
      for (int offset = -1; offset < 4; offset++) {
        SplitRing fresh = at(from);
        setUsedEvent(from + offset);
        for (int i = 0; i < 3; i++) {
          fresh.complete(0, 0);
        }
        assertEquals(offset >= 0 && offset < 3, fresh.publish(), "event at " + offset);
      }
    }
  }

  /** A ring that has signalled before and stands at a used index. */
  private SplitRing at(int index) {
    used.set(ValueLayout.JAVA_SHORT, 2, (short) (index - 1));
    SplitRing ring = ring(0, true);
    ring.complete(0, 0);
    ring.publish();
    return ring;
  }

  @Test
  void completionsAreSignalledAcrossTheWrapOfTheIndex() {
    SplitRing ring = at(0xffff);
    setUsedEvent(0);
    ring.complete(0, 0);
    assertFalse(ring.publish());
    ring.complete(0, 0);
    assertTrue(ring.publish());
  }

  @Test
  void completionsAreSignalledUnlessTheFlagForbids() {
    SplitRing ring = ring(0, false);
    for (int flag = 0; flag < 2; flag++) {
      available.set(ValueLayout.JAVA_SHORT, 0, (short) flag);
      ring.complete(0, 0);
      assertEquals(flag == 0, ring.publish());
    }
  }

  @Test
  void aRingGoesOnInAnotherMapping() {
    SplitRing ring = ring(0, false);
    MemorySegment otherAvailable = arena.allocate(SplitRing.availableBytes(SIZE), 2);
    MemorySegment otherUsed = arena.allocate(SplitRing.usedBytes(SIZE), 4);
    ring.complete(1, 1);
    ring.publish();
    otherAvailable.set(ValueLayout.JAVA_SHORT, 2, (short) 1);
    ring.move(descriptors, otherAvailable, otherUsed);
    assertEquals(1, ring.available());
    ring.complete(2, 2);
    ring.publish();
    assertEquals(2, otherUsed.get(ValueLayout.JAVA_SHORT, 2));
    assertEquals(1, usedIndex());
  }
}
