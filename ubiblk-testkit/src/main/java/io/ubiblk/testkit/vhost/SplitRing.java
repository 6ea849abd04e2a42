package io.ubiblk.testkit.vhost;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The memory of a split virtqueue, field by field. It knows nothing of what is outstanding: a test
 * may write any field at any time, and a driver that uses the ring meanwhile will be confused.
 *
 * <p>Indexes run from 0 to 65535 and wrap; entries are found by index modulo size. The parts must
 * be aligned and lie in one region each, on a machine with little-endian memory.
 *
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     sections 2.7.5 to 2.7.8</a>
 */
public final class SplitRing {

  /** Descriptor flag: the chain goes on. */
  public static final int NEXT = 1;

  /** Descriptor flag: the device writes the buffer. */
  public static final int WRITE = 2;

  /** Descriptor flag: the buffer is a table of descriptors. */
  public static final int INDIRECT = 4;

  /** Length of a descriptor in bytes. */
  public static final int DESCRIPTOR_SIZE = 16;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHARED_SHORT = SHORT.varHandle();

  private static final long FLAGS = 0;
  private static final long INDEX = 2;
  private static final long ENTRIES = 4;

  private final RingLayout layout;
  private final int mask;
  private final MemorySegment descriptors;
  private final MemorySegment available;
  private final MemorySegment used;

  /**
   * Creates the view of a ring. Writes nothing.
   *
   * @param memory where the ring lies
   * @param layout where exactly
   * @throws IndexOutOfBoundsException if a part does not lie inside one region
   */
  public SplitRing(GuestMemory memory, RingLayout layout) {
    this.layout = layout;
    int size = layout.size();
    mask = size - 1;
    descriptors = memory.slice(layout.descriptors(), RingLayout.descriptorBytes(size));
    available = memory.slice(layout.available(), RingLayout.availableBytes(size));
    used = memory.slice(layout.used(), RingLayout.usedBytes(size));
  }

  /** {@return where the ring lies} */
  public RingLayout layout() {
    return layout;
  }

  /** Sets all memory of the ring to zero. */
  public void clear() {
    descriptors.fill((byte) 0);
    available.fill((byte) 0);
    used.fill((byte) 0);
  }

  /**
   * Writes a descriptor.
   *
   * @param index its place in the table
   * @param address guest address of the buffer
   * @param length of the buffer in bytes, unsigned
   * @param flags any 16 bits
   * @param next place of the next descriptor, any 16 bits
   */
  public void setDescriptor(int index, long address, int length, int flags, int next) {
    putDescriptor(descriptors, (long) index * DESCRIPTOR_SIZE, address, length, flags, next);
  }

  /**
   * Writes an entry of the available ring. The device does not see it before {@link
   * #setAvailableIndex}.
   *
   * @param index which entry, taken modulo the ring's size
   * @param head place of a chain's first descriptor, any 16 bits
   */
  public void setAvailableEntry(int index, int head) {
    available.set(SHORT, ENTRIES + 2L * (index & mask), (short) head);
  }

  /**
   * Publishes the available entries up to an index. Everything written before is visible to a
   * device that sees the index.
   *
   * @param index the index behind the last entry; the low 16 bits count
   */
  public void setAvailableIndex(int index) {
    SHARED_SHORT.setRelease(available, INDEX, (short) index);
  }

  /** {@return the index that was published last} */
  public int availableIndex() {
    return Short.toUnsignedInt(available.get(SHORT, INDEX));
  }

  /**
   * Asks for calls or not, where suppression is not by index.
   *
   * @param wanted whether the device shall call
   */
  public void setCallsWanted(boolean wanted) {
    SHARED_SHORT.setOpaque(available, FLAGS, (short) (wanted ? 0 : 1));
  }

  /**
   * Asks for a call, where suppression is by index.
   *
   * @param index the device shall call when it uses the entry with this index
   */
  public void setUsedEvent(int index) {
    SHARED_SHORT.setOpaque(available, ENTRIES + 2L * (mask + 1), (short) index);
  }

  /** {@return whether the device wants kicks, where suppression is not by index} */
  public boolean kicksWanted() {
    return ((short) SHARED_SHORT.getOpaque(used, FLAGS) & 1) == 0;
  }

  /** {@return the index of the entry whose arrival shall be kicked, in suppression by index} */
  public int availableEvent() {
    return Short.toUnsignedInt((short) SHARED_SHORT.getOpaque(used, ENTRIES + 8L * (mask + 1)));
  }

  /** {@return the index behind the last used entry; what the device wrote before it is visible} */
  public int usedIndex() {
    return Short.toUnsignedInt((short) SHARED_SHORT.getAcquire(used, INDEX));
  }

  /**
   * Reads the head of the chain that was used.
   *
   * @param index which entry, taken modulo the ring's size
   * @return what the device wrote, unsigned
   */
  public long usedHead(int index) {
    return Integer.toUnsignedLong(used.get(INT, ENTRIES + 8L * (index & mask)));
  }

  /**
   * Reads how many bytes the device says it wrote.
   *
   * @param index which entry, taken modulo the ring's size
   * @return what the device wrote, unsigned
   */
  public long usedLength(int index) {
    return Integer.toUnsignedLong(used.get(INT, ENTRIES + 8L * (index & mask) + 4));
  }

  /** Writes a descriptor to aligned memory that holds a table. */
  static void putDescriptor(
      MemorySegment table, long at, long address, int length, int flags, int next) {
    table.set(LONG, at, address);
    table.set(INT, at + 8, length);
    table.set(SHORT, at + 12, (short) flags);
    table.set(SHORT, at + 14, (short) next);
  }
}
