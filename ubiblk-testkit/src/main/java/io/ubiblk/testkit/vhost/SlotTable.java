package io.ubiblk.testkit.vhost;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What each request in flight needs beside its data: a header, a status byte, and an indirect table
 * of a limited size, all in guest memory allocated once.
 */
final class SlotTable {

  /** Header, status byte, and padding to a multiple of the size of a descriptor. */
  private static final int REQUEST_BYTES = 32;

  private static final int STATUS_AT = 16;
  private static final long OWN_STATUS = -1;

  private final GuestMemory memory;
  private final long base;
  private final int stride;
  private final MemorySegment area;
  private final int[] freeSlots;
  private final long[] tags;
  private final long[] statusAddresses;
  private final long[] extraTables;
  private int free;

  /**
   * Allocates the table.
   *
   * @param tableEntries descriptors that fit in a slot's indirect table, 0 for no tables
   */
  SlotTable(GuestMemory memory, int slots, int tableEntries) {
    this.memory = memory;
    stride = REQUEST_BYTES + tableEntries * SplitRing.DESCRIPTOR_SIZE;
    base = memory.allocate((long) slots * stride, SplitRing.DESCRIPTOR_SIZE);
    area = memory.slice(base, (long) slots * stride);
    freeSlots = new int[slots];
    tags = new long[slots];
    statusAddresses = new long[slots];
    extraTables = new long[slots];
    for (int i = 0; i < slots; i++) {
      freeSlots[i] = slots - 1 - i;
    }
    free = slots;
  }

  /** Takes a slot, or returns -1 if none is free. */
  int take(long tag) {
    if (free == 0) {
      return -1;
    }
    int slot = freeSlots[--free];
    tags[slot] = tag;
    statusAddresses[slot] = OWN_STATUS;
    area.set(ValueLayout.JAVA_BYTE, offset(slot) + STATUS_AT, (byte) BlkRequest.NO_STATUS);
    return slot;
  }

  /** Gives a slot back. */
  void release(int slot) {
    if (extraTables[slot] != 0) {
      memory.free(extraTables[slot]);
      extraTables[slot] = 0;
    }
    freeSlots[free++] = slot;
  }

  long tag(int slot) {
    return tags[slot];
  }

  void setHeader(int slot, int type, long sector) {
    long at = offset(slot);
    area.set(ValueLayout.JAVA_INT, at, type);
    area.set(ValueLayout.JAVA_INT, at + 4, 0);
    area.set(ValueLayout.JAVA_LONG, at + 8, sector);
  }

  long headerAddress(int slot) {
    return base + offset(slot);
  }

  long statusAddress(int slot) {
    return base + offset(slot) + STATUS_AT;
  }

  /** Makes the status be read elsewhere; a negative address says that there is none. */
  void setStatusAddress(int slot, long address) {
    statusAddresses[slot] = address < 0 ? Long.MIN_VALUE : address;
    if (address >= 0) {
      memory.setByte(address, (byte) BlkRequest.NO_STATUS);
    }
  }

  int status(int slot) {
    long address = statusAddresses[slot];
    if (address == OWN_STATUS) {
      return Byte.toUnsignedInt(area.get(ValueLayout.JAVA_BYTE, offset(slot) + STATUS_AT));
    }
    return address < 0 ? BlkRequest.NO_STATUS : Byte.toUnsignedInt(memory.getByte(address));
  }

  /** Writes an indirect table for a slot and returns its guest address. */
  long writeTable(int slot, DescriptorList table) {
    int bytes = table.count() * SplitRing.DESCRIPTOR_SIZE;
    long at = offset(slot) + REQUEST_BYTES;
    if (bytes <= stride - REQUEST_BYTES) {
      table.writeTable(area, at);
      return base + at;
    }
    extraTables[slot] = memory.allocate(bytes, SplitRing.DESCRIPTOR_SIZE);
    table.writeTable(memory, extraTables[slot]);
    return extraTables[slot];
  }

  void close() {
    memory.free(base);
  }

  private long offset(int slot) {
    return (long) slot * stride;
  }
}
