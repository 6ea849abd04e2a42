package io.ubiblk.vhost.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.vhost.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestMemoryTest {

  private static MappedRegion region(SharedMemory file, long guest, long size, long user, long at)
      throws Exception {
    return MappedRegion.map(new RegionDescription(guest, size, user, at), file.passOn(), false);
  }

  @Test
  void anAddressIsFoundInItsRegion() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      GuestMemory memory =
          GuestMemory.of(
              List.of(
                  region(file, 0x8000, 0x1000, 0x1_8000, 0),
                  region(file, 0x1000, 0x2000, 0x1_0000, 0x1000),
                  region(file, 0x3000, 0x1000, 0x2_0000, 0x8000)));
      assertEquals(-1, memory.find(0));
      assertEquals(-1, memory.find(0xfff));
      assertEquals(0, memory.find(0x1000));
      assertEquals(0, memory.find(0x2fff));
      assertEquals(1, memory.find(0x3000));
      assertEquals(-1, memory.find(0x4000));
      assertEquals(2, memory.find(0x8fff));
      assertEquals(-1, memory.find(0x9000));
      assertEquals(-1, memory.find(-1));
      assertEquals(-1, memory.find(Long.MIN_VALUE));
      assertEquals(-1, memory.find(Long.MAX_VALUE));
      assertEquals(0x1fff, memory.offset(0, 0x2fff));
      assertEquals(1, memory.remaining(0, 0x2fff));
      memory.release();
    }
  }

  @Test
  void memoryInAFileOfAnotherKindIsRefusedUnlessAllowed(@TempDir Path folder) throws Exception {
    RegionDescription description = new RegionDescription(0, 4096, 0, 0);
    try (OpenFile file =
        OpenFile.open(folder.resolve("m"), OpenFile.READ_WRITE | OpenFile.CREATE)) {
      file.truncate(4096);
      assumeTrue(Descriptor.fileSystem(file.fd()) != Descriptor.TMPFS, "the folder is in memory");
      int refused = Descriptor.duplicate(file.fd());
      BlockDeviceException e =
          assertThrows(
              BlockDeviceException.BadFormat.class,
              () -> MappedRegion.map(description, refused, false));
      assertTrue(e.toString().contains("shared memory"), e.getMessage());
      assertEquals("?", Descriptor.target(refused), "the descriptor is closed");
      MappedRegion allowed = MappedRegion.map(description, Descriptor.duplicate(file.fd()), true);
      allowed.memory().set(ValueLayout.JAVA_BYTE, 7, (byte) 42);
      allowed.discard();
      assertEquals(42, Files.readAllBytes(folder.resolve("m"))[7]);
    }
  }

  @Test
  void filesInMemoryAreTaken() throws Exception {
    Path name = Path.of("/dev/shm/ubiblk-" + ProcessHandle.current().pid());
    try (OpenFile file = OpenFile.open(name, OpenFile.READ_WRITE | OpenFile.CREATE)) {
      Files.delete(name);
      file.truncate(4096);
      RegionDescription description = new RegionDescription(0, 4096, 0, 0);
      MappedRegion.map(description, Descriptor.duplicate(file.fd()), false).discard();
    }
  }

  @Test
  void aRangeThatCrossesRegionsComesInPieces() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      GuestMemory memory =
          GuestMemory.of(
              List.of(
                  region(file, 0x1000, 0x2000, 0x1_0000, 0x1000),
                  region(file, 0x3000, 0x1000, 0x2_0000, 0x8000)));
      ScatterList list = new ScatterList();
      assertTrue(memory.addTo(list, 0x1800, 0x2800));
      assertEquals(2, list.count());
      assertEquals(0x1800, list.length(0));
      assertEquals(0x1000, list.length(1));
      list.clear();
      assertTrue(memory.addTo(list, 0x7777, 0), "nothing lies anywhere");
      assertFalse(memory.addTo(list, 0x3fff, 2));
      assertFalse(memory.addTo(list, 0xfff, 2));
      assertFalse(memory.addTo(list, Long.MAX_VALUE, 2));
      assertFalse(memory.addTo(list, -1, 2));
      memory.release();
    }
  }

  @Test
  void aUserAddressNamesMemoryInsideOneRegion() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      GuestMemory memory =
          GuestMemory.of(
              List.of(
                  region(file, 0x1000, 0x1000, 0x1_0000, 0x1000),
                  region(file, 0x2000, 0x1000, 0x1_1000, 0x8000)));
      file.segment().set(ValueLayout.JAVA_BYTE, 0x8123, (byte) 77);
      MemorySegment part = memory.byUserAddress("ring", 0x1_1123, 16);
      assertEquals(77, part.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(16, part.byteSize());
      long[] bad = {0x1_0ff8, 0xfff8, 0x1_1ff8, 0x1_2000, 0, -16, Long.MAX_VALUE};
      for (long address : bad) {
        assertThrows(
            BlockDeviceException.BadFormat.class,
            () -> memory.byUserAddress("ring", address, 16),
            Long.toHexString(address));
      }
      assertThrows(
          BlockDeviceException.BadFormat.class,
          () -> memory.byUserAddress("ring", 0x1_0000, 0x1001));
      memory.release();
    }
  }

  @Test
  void overlappingRegionsAreRefused() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      MappedRegion first = region(file, 0x1000, 0x2000, 0, 0);
      MappedRegion second = region(file, 0x2fff, 0x1000, 0, 0);
      assertThrows(
          BlockDeviceException.BadFormat.class, () -> GuestMemory.of(List.of(first, second)));
      first.discard();
      second.discard();
      assertEquals(1, file.mappings());
    }
  }

  @Test
  void aRegionStaysMappedAsLongAsAGenerationHoldsIt() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      MappedRegion kept = region(file, 0x1000, 0x1000, 0, 0);
      MappedRegion removed = region(file, 0x2000, 0x1000, 0, 0x10000);
      GuestMemory first = GuestMemory.of(List.of(kept, removed));
      GuestMemory second = GuestMemory.of(List.of(kept));
      first.retain();
      first.release();
      assertEquals(3, file.mappings());
      first.release();
      assertEquals(2, file.mappings());
      second.release();
      assertEquals(1, file.mappings());
    }
  }

  @Test
  void aGenerationThatWasGivenUpIsNotRevived() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 20)) {
      MappedRegion kept = region(file, 0x1000, 0x1000, 0, 0);
      GuestMemory first = GuestMemory.of(List.of(kept));
      GuestMemory second = GuestMemory.of(List.of(kept));
      assertTrue(first.tryRetain());
      first.release();
      first.release();
      assertFalse(first.tryRetain());
      assertEquals(2, file.mappings(), "the other generation's region");
      second.release();
      assertEquals(1, file.mappings());
    }
  }

  @Test
  void aRegionBeyondTheEndOfItsFileIsRefusedAndItsDescriptorClosed() throws Exception {
    try (SharedMemory file = new SharedMemory(8192)) {
      for (long[] bad :
          new long[][] {
            {8193, 0},
            {4096, 4097},
            {1, 8192},
            {Long.MAX_VALUE, 0},
            {Long.MAX_VALUE - 10, 10},
            {0, 0},
            {-1, 0},
            {4096, -1}
          }) {
        int fd = file.passOn();
        RegionDescription description = new RegionDescription(0, bad[0], 0, bad[1]);
        assertThrows(
            BlockDeviceException.class,
            () -> MappedRegion.map(description, fd, false),
            () -> "" + bad[0]);
        assertFalse(file.isOpen(fd));
      }
      assertEquals(1, file.mappings());
    }
  }

  @Test
  void aRegionMayBeginAnywhereInItsFile() throws Exception {
    try (SharedMemory file = new SharedMemory(1 << 16)) {
      byte[] content = new byte[1000];
      content[999] = 5;
      file.segment().asSlice(12345, 1000).copyFrom(MemorySegment.ofArray(content));
      GuestMemory memory = GuestMemory.of(List.of(region(file, 0, 1000, 0, 12345)));
      ScatterList list = new ScatterList();
      memory.addTo(list, 0, 1000);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment copy = arena.allocate(1000);
        assertTrue(list.copyTo(0, copy, 0, 1000));
        assertArrayEquals(content, copy.toArray(ValueLayout.JAVA_BYTE));
      }
      memory.release();
    }
  }

  @Test
  void memoryThatWasCutShortIsKnown() throws Exception {
    try (SharedMemory file = new SharedMemory(8192)) {
      GuestMemory memory = GuestMemory.of(List.of(region(file, 0, 4096, 0, 4096)));
      assertFalse(memory.isTruncated());
      file.truncate(8191);
      assertTrue(memory.isTruncated());
      memory.release();
    }
  }
}
