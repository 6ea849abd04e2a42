package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {

  @Test
  void whatIsWrittenHereIsSeenThroughTheDescriptor() throws IOException {
    try (GuestMemory memory = new GuestMemory();
        Arena arena = Arena.ofConfined()) {
      GuestRegion region = memory.addRegion(0x10000, 8192, 4096);
      memory.write(0x10000 + 5000, (byte) 42);
      int fd = Descriptors.number(region.descriptor());
      MemorySegment other = Posix.map(fd, region.description().mmapOffset(), 8192, arena);
      assertEquals(42, other.get(ValueLayout.JAVA_BYTE, 5000));
      other.set(ValueLayout.JAVA_BYTE, 7, (byte) 3);
      assertEquals(3, memory.getByte(0x10007));
    }
  }

  @Test
  void accessMayCrossAdjacentRegionsButNoGap() throws IOException {
    try (GuestMemory memory = new GuestMemory()) {
      memory.addRegion(0x20000, 4096);
      memory.addRegion(0x21000, 4096);
      memory.addRegion(0x23000, 4096);
      byte[] bytes = new byte[6000];
      new Random(1).nextBytes(bytes);
      memory.write(0x20100, bytes);
      assertArrayEquals(bytes, memory.read(0x20100, 6000));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.read(0x21f00, 4096));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.read(0x1ffff, 2));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.slice(0x20f00, 4096));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.getByte(-1));
    }
  }

  @Test
  void regionsMustNotOverlap() throws IOException {
    try (GuestMemory memory = new GuestMemory()) {
      memory.addRegion(0x20000, 8192);
      assertThrows(IllegalArgumentException.class, () -> memory.addRegion(0x21000, 4096));
      assertThrows(IllegalArgumentException.class, () -> memory.addRegion(0x1f000, 65536));
      assertThrows(IllegalArgumentException.class, () -> memory.addRegion(0x30001, 4096));
      assertThrows(IllegalArgumentException.class, () -> memory.addRegion(-4096, 4096));
      assertEquals(1, memory.regions().size());
    }
  }

  @Test
  void userAddressesAreNotGuestAddresses() throws IOException {
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      MemoryRegion region = memory.regions().getFirst().description();
      assertEquals(region.userAddress() + 5, memory.userAddress(region.guestAddress() + 5));
      assertTrue(region.userAddress() != region.guestAddress());
    }
  }

  @Test
  void allocatedRangesNeverOverlapAndAllRoomComesBack() throws IOException {
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      Random random = new Random(7);
      Map<Long, Integer> taken = new HashMap<>();
      for (int i = 0; i < 3000; i++) {
        if (random.nextBoolean() && taken.size() < 50) {
          int size = 1 + random.nextInt(5000);
          int alignment = 1 << random.nextInt(13);
          long address = memory.allocate(size, alignment);
          assertEquals(0, address % alignment);
          taken.forEach(
              (start, length) ->
                  assertFalse(address < start + length && start < address + size, "overlap"));
          taken.put(address, size);
        } else if (!taken.isEmpty()) {
          long address = taken.keySet().iterator().next();
          taken.remove(address);
          memory.free(address);
        }
      }
      taken.keySet().forEach(memory::free);
      assertEquals(0x100000, memory.allocate(1 << 20, 4096));
      assertThrows(IllegalStateException.class, () -> memory.allocate(1, 1));
    }
  }

  @Test
  void rangesAreFreedOnce() throws IOException {
    try (GuestMemory memory = GuestMemory.of(4096)) {
      long address = memory.allocate(100, 1);
      assertThrows(IllegalArgumentException.class, () -> memory.free(address + 1));
      memory.free(address);
      assertThrows(IllegalArgumentException.class, () -> memory.free(address));
    }
  }

  @Test
  void aRangeCanBeAllocatedAcrossABorder() throws IOException {
    try (GuestMemory memory = new GuestMemory()) {
      GuestRegion left = memory.addRegion(0x20000, 4096);
      memory.addRegion(0x21000, 4096);
      assertEquals(0x21000 - 10, memory.allocateAcross(left, 10, 20));
      assertThrows(IllegalStateException.class, () -> memory.allocateAcross(left, 1, 1));
      assertEquals(0x20000, memory.allocate(4000, 1));
      assertEquals(0x21000 + 20, memory.allocate(200, 1));
    }
  }

  @Test
  void aRegionThatWasCutOffIsGone() throws IOException {
    try (GuestMemory memory = GuestMemory.of(65536)) {
      GuestRegion region = memory.regions().getFirst();
      memory.write(0x100000, (byte) 1);
      region.truncate(4096);
      assertEquals(1, memory.getByte(0x100000));
      assertThrows(InternalError.class, () -> memory.read(0x101000, 4096));
    }
  }

  @Test
  void aRemovedRegionIsGone() throws IOException {
    try (GuestMemory memory = GuestMemory.of(65536)) {
      GuestRegion region = memory.addRegion(0x20000, 4096);
      MemorySegment segment = region.segment();
      memory.removeRegion(region);
      assertThrows(IndexOutOfBoundsException.class, () -> memory.getByte(0x20000));
      assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
      assertThrows(IllegalArgumentException.class, () -> memory.removeRegion(region));
    }
  }
}
