package io.ubiblk.vhost.virtqueue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The three parts of a split virtqueue in guest memory, from the device's side. Confined to the
 * reactor's thread; the driver works on the same memory at the same time.
 *
 * <p>All indexes count modulo 2<sup>16</sup>. What the driver wrote before it published an index is
 * visible after {@link #available()}; what we wrote before {@link #publish} is visible to the
 * driver that sees the used index.
 *
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-350007">virtio
 *     1.2, section 2.7</a>
 */
final class SplitRing {

  static final int DESCRIPTOR_SIZE = 16;

  private static final int FLAGS = 0;
  private static final int INDEX = 2;
  private static final int RING = 4;
  private static final int USED_ELEMENT_SIZE = 8;
  private static final int U16 = 0xffff;
  private static final short AVAIL_NO_INTERRUPT = 1;
  private static final short USED_NO_NOTIFY = 1;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final VarHandle SHORT_HANDLE = SHORT.varHandle();

  private final int size;
  private final boolean eventIndex;
  private MemorySegment descriptors;
  private MemorySegment available;
  private MemorySegment used;
  private int nextAvailable;
  private int nextUsed;
  private int published;
  private boolean publishedOnce;

  /**
   * Takes over a ring.
   *
   * @param size number of descriptors, a power of two
   * @param base index at which the device goes on
   * @param eventIndex whether notifications are suppressed by index or by flag
   */
  SplitRing(
      int size,
      int base,
      boolean eventIndex,
      MemorySegment descriptors,
      MemorySegment available,
      MemorySegment used) {
    this.size = size;
    this.eventIndex = eventIndex;
    this.descriptors = descriptors;
    this.available = available;
    this.used = used;
    this.nextAvailable = base & U16;
    this.nextUsed = (int) used.get(SHORT, INDEX) & U16;
    this.published = nextUsed;
  }

  static long descriptorBytes(int size) {
    return (long) size * DESCRIPTOR_SIZE;
  }

  static long availableBytes(int size) {
    return RING + 2L * size + 2;
  }

  static long usedBytes(int size) {
    return RING + (long) USED_ELEMENT_SIZE * size + 2;
  }

  /** Goes on in another mapping of the same memory. */
  void move(MemorySegment newDescriptors, MemorySegment newAvailable, MemorySegment newUsed) {
    descriptors = newDescriptors;
    available = newAvailable;
    used = newUsed;
  }

  int size() {
    return size;
  }

  MemorySegment descriptors() {
    return descriptors;
  }

  /**
   * How many chains the driver has made available and we have not taken; more than size is a lie.
   */
  int available() {
    return ((short) SHORT_HANDLE.getAcquire(available, INDEX) - nextAvailable) & U16;
  }

  /** The index of the next chain's first descriptor, which may be out of range. */
  int head() {
    return available.get(SHORT, RING + 2L * (nextAvailable & (size - 1))) & U16;
  }

  /** Takes the chain at {@link #head}. */
  void take() {
    nextAvailable = (nextAvailable + 1) & U16;
  }

  /** The index at which the device would go on. */
  int base() {
    return nextAvailable;
  }

  /** Gives a chain back; the driver sees it after {@link #publish}. */
  void complete(int head, int length) {
    long element = RING + (long) USED_ELEMENT_SIZE * (nextUsed & (size - 1));
    used.set(INT, element, head);
    used.set(INT, element + 4, length);
    nextUsed = (nextUsed + 1) & U16;
  }

  /** Whether chains were given back that the driver does not see yet. */
  boolean hasNews() {
    return nextUsed != published;
  }

  /** Lets the driver see what was given back; returns whether it wants to be interrupted for it. */
  boolean publish() {
    SHORT_HANDLE.setRelease(used, INDEX, (short) nextUsed);
    // Our used index must be visible before we look at what the driver wants.
    VarHandle.fullFence();
    boolean wanted;
    if (eventIndex) {
      int event = available.get(SHORT, RING + 2L * size) & U16;
      int since = (nextUsed - published) & U16;
      wanted = !publishedOnce || ((nextUsed - event - 1) & U16) < since;
    } else {
      wanted = (available.get(SHORT, FLAGS) & AVAIL_NO_INTERRUPT) == 0;
    }
    published = nextUsed;
    publishedOnce = true;
    return wanted;
  }

  /** Asks the driver not to kick, because we look by ourselves. */
  void suppressKicks() {
    // With event indexes, an index that is left behind suppresses by itself.
    if (!eventIndex) {
      used.set(SHORT, FLAGS, USED_NO_NOTIFY);
    }
  }

  /** Asks the driver to kick; returns whether there is nothing that it would not kick for. */
  boolean requestKicks() {
    if (eventIndex) {
      used.set(SHORT, RING + (long) USED_ELEMENT_SIZE * size, (short) nextAvailable);
    } else {
      used.set(SHORT, FLAGS, (short) 0);
    }
    // The wish must be visible before we look for the last time.
    VarHandle.fullFence();
    return available() == 0;
  }
}
