package io.ubiblk.testkit.vhost;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A list of descriptors: the data of a request, a whole chain, or the content of an indirect table.
 * Each links to the next unless told otherwise. It can be cleared and filled again, which allocates
 * nothing.
 *
 * <p>Nothing is checked: a test may list addresses that do not exist, directions that make no
 * sense, and links that go round in circles. What a list describes is fixed when it is submitted or
 * written; later changes have no effect on that.
 */
public final class DescriptorList {

  private static final int FOLLOWING = -1;
  private static final int NOWHERE = -2;
  private static final int POSITION = 1 << 16;

  private long[] addresses = new long[4];
  private int[] lengths = new int[4];
  private int[] flags = new int[4];
  private int[] links = new int[4];
  private int count;
  private long writable;

  /** Creates an empty list. */
  public DescriptorList() {}

  /**
   * Removes every descriptor.
   *
   * @return this
   */
  public DescriptorList clear() {
    count = 0;
    writable = 0;
    return this;
  }

  /** {@return the number of descriptors} */
  public int count() {
    return count;
  }

  /**
   * Adds a buffer that the device reads.
   *
   * @param address guest address
   * @param length in bytes, unsigned
   * @return this
   */
  public DescriptorList readable(long address, int length) {
    return add(address, length, 0);
  }

  /**
   * Adds a buffer that the device writes.
   *
   * @param address guest address
   * @param length in bytes, unsigned
   * @return this
   */
  public DescriptorList writable(long address, int length) {
    return add(address, length, SplitRing.WRITE);
  }

  /**
   * Adds a descriptor with any flags. The flag that the chain goes on comes by itself where it
   * does.
   *
   * @param address guest address
   * @param length in bytes, unsigned
   * @param descriptorFlags any 16 bits
   * @return this
   */
  public DescriptorList add(long address, int length, int descriptorFlags) {
    if ((descriptorFlags & SplitRing.INDIRECT) != 0) {
      writable = Long.MAX_VALUE;
    } else if ((descriptorFlags & SplitRing.WRITE) != 0) {
      grant(Integer.toUnsignedLong(length));
    }
    append(address, length, descriptorFlags);
    return this;
  }

  /**
   * Adds a reference to an indirect table.
   *
   * @param address guest address of the table, where it has been {@linkplain #writeTable written}
   * @param table what it holds
   * @return this
   */
  public DescriptorList indirect(long address, DescriptorList table) {
    grant(table.writable);
    append(address, table.count * SplitRing.DESCRIPTOR_SIZE, SplitRing.INDIRECT);
    return this;
  }

  /**
   * Adds all descriptors of another list. Links inside it are lost.
   *
   * @param other the list to copy from
   * @return this
   */
  public DescriptorList addAll(DescriptorList other) {
    for (int i = 0; i < other.count; i++) {
      append(other.addresses[i], other.lengths[i], other.flags[i]);
    }
    grant(other.writable);
    return this;
  }

  /**
   * Makes the descriptor that was added last go on at a place in the table, whatever is there.
   *
   * @param index any 16 bits
   * @return this
   */
  public DescriptorList linkToIndex(int index) {
    links[count - 1] = index & 0xffff;
    return this;
  }

  /**
   * Makes the descriptor that was added last go on at a descriptor of this list, for a loop.
   *
   * @param position 0 for the first of the list
   * @return this
   */
  public DescriptorList linkToPosition(int position) {
    links[count - 1] = POSITION | position;
    return this;
  }

  /**
   * Makes the chain end at the descriptor that was added last, even if others follow it.
   *
   * @return this
   */
  public DescriptorList endChain() {
    links[count - 1] = NOWHERE;
    return this;
  }

  /**
   * Writes the list to guest memory as an indirect table.
   *
   * @param memory where to write
   * @param address guest address, at best a multiple of 16; the table may cross regions
   */
  public void writeTable(GuestMemory memory, long address) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate((long) count * SplitRing.DESCRIPTOR_SIZE, 16);
      writeTable(copy, 0);
      memory.write(address, copy.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** Writes the list as an indirect table to a place that is aligned to 8 bytes. */
  void writeTable(MemorySegment table, long at) {
    for (int i = 0; i < count; i++) {
      int link = links[i];
      int next = link == FOLLOWING ? i + 1 : link & 0xffff;
      putTo(table, at, i, i, hasNext(i), next);
    }
  }

  /** Writes the list to a ring, descriptor i at the place {@code places[i]}. */
  void writeTo(SplitRing ring, int[] places) {
    for (int i = 0; i < count; i++) {
      boolean more = hasNext(i);
      int link = links[i];
      int next = 0;
      if (more) {
        if (link == FOLLOWING) {
          next = places[i + 1];
        } else {
          next = link >= POSITION ? places[link & 0xffff] : link;
        }
      }
      int bits = flags[i] | (more ? SplitRing.NEXT : 0);
      ring.setDescriptor(places[i], addresses[i], lengths[i], bits, next);
    }
  }

  /** {@return how many bytes a device may claim to have written} */
  long writableBytes() {
    return writable;
  }

  private void putTo(MemorySegment table, long at, int place, int i, boolean more, int next) {
    SplitRing.putDescriptor(
        table,
        at + (long) place * SplitRing.DESCRIPTOR_SIZE,
        addresses[i],
        lengths[i],
        flags[i] | (more ? SplitRing.NEXT : 0),
        more ? next : 0);
  }

  private boolean hasNext(int i) {
    return links[i] >= 0 || (links[i] == FOLLOWING && i < count - 1);
  }

  private void grant(long bytes) {
    writable = writable > Long.MAX_VALUE - bytes ? Long.MAX_VALUE : writable + bytes;
  }

  private void append(long address, int length, int descriptorFlags) {
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
      flags = Arrays.copyOf(flags, count * 2);
      links = Arrays.copyOf(links, count * 2);
    }
    addresses[count] = address;
    lengths[count] = length;
    flags[count] = descriptorFlags;
    links[count] = FOLLOWING;
    count++;
  }

  @Override
  public String toString() {
    String room = writable == Long.MAX_VALUE ? "any number of" : Long.toString(writable);
    return "DescriptorList[" + count + " descriptors, " + room + " bytes writable]";
  }
}
