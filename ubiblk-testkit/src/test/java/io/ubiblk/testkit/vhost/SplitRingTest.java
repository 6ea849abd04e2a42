package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class SplitRingTest {

  private static ByteBuffer bytes(GuestMemory memory, long address, long length) {
    return ByteBuffer.wrap(memory.read(address, (int) length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void fieldsLieWhereVirtioSays() throws IOException {
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      RingLayout layout = RingLayout.allocate(memory, 4);
      SplitRing ring = new SplitRing(memory, layout);
      ring.clear();
      ring.setDescriptor(3, 0x1122334455667788L, 0x99aabbcc, 0xddee, 0xff01);
      ByteBuffer table = bytes(memory, layout.descriptors(), 64);
      assertEquals(0x1122334455667788L, table.getLong(48));
      assertEquals(0x99aabbcc, table.getInt(56));
      assertEquals((short) 0xddee, table.getShort(60));
      assertEquals((short) 0xff01, table.getShort(62));

      ring.setCallsWanted(false);
      ring.setAvailableEntry(6, 0x1234);
      ring.setAvailableIndex(7);
      ring.setUsedEvent(0xabcd);
      ByteBuffer available = bytes(memory, layout.available(), 14);
      assertEquals(1, available.getShort(0));
      assertEquals(7, available.getShort(2));
      assertEquals(0x1234, available.getShort(8));
      assertEquals((short) 0xabcd, available.getShort(12));
      assertEquals(7, ring.availableIndex());
    }
  }

  @Test
  void whatTheDeviceWritesIsReadWhereVirtioSays() throws IOException {
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      RingLayout layout = RingLayout.allocate(memory, 4);
      SplitRing ring = new SplitRing(memory, layout);
      byte[] used = new byte[38];
      ByteBuffer out = ByteBuffer.wrap(used).order(ByteOrder.LITTLE_ENDIAN);
      out.putShort(0, (short) 1).putShort(2, (short) 0xfffe);
      out.putInt(4 + 16, 0xfedcba98).putInt(4 + 20, 0x80000001).putShort(36, (short) 0x9876);
      memory.write(layout.used(), used);
      assertFalse(ring.kicksWanted());
      assertEquals(0xfffe, ring.usedIndex());
      assertEquals(0xfedcba98L, ring.usedHead(0xfffe));
      assertEquals(0x80000001L, ring.usedLength(2));
      assertEquals(0x9876, ring.availableEvent());
    }
  }

  @Test
  void sizesArePowersOfTwo() {
    for (int size : new int[] {0, -1, 3, 32767, 65536}) {
      assertThrows(IllegalArgumentException.class, () -> new RingLayout(size, 0, 0, 0));
    }
    assertEquals(32768, new RingLayout(32768, 0, 0, 0).size());
  }

  @Test
  void aRingOutsideMemoryCannotBeUsed() throws IOException {
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      long end = memory.regions().getFirst().end();
      RingLayout layout = new RingLayout(4, end - 32, end - 64, end - 128);
      assertThrows(IndexOutOfBoundsException.class, () -> new SplitRing(memory, layout));
    }
  }
}
