package io.ubiblk.vhost.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.MemoryFault;
import io.ubiblk.api.ScatterList;
import io.ubiblk.vhost.SharedMemory;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.memory.MappedRegion;
import io.ubiblk.vhost.memory.RegionDescription;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Chains on plain memory: which pieces a request is made of, and that every walk ends. */
class ChainReaderTest {

  private static final int SIZE = 16;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final long GUEST = 0x10000;
  private static final long HEADER = GUEST + 0x100;
  private static final long DATA = GUEST + 0x1000;
  private static final long TABLE = GUEST + 0x8000;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment descriptors = arena.allocate(SplitRing.descriptorBytes(SIZE), 16);
  private final SplitRing ring =
      new SplitRing(
          SIZE,
          0,
          false,
          descriptors,
          arena.allocate(SplitRing.availableBytes(SIZE), 2),
          arena.allocate(SplitRing.usedBytes(SIZE), 4));
  private final ChainReader reader = new ChainReader(arena, true);
  private SharedMemory file;
  private GuestMemory memory;
  private BlockRequest request;

  @BeforeEach
  void map() throws IOException {
    file = new SharedMemory(0x10000);
    memory =
        GuestMemory.of(
            List.of(
                MappedRegion.map(new RegionDescription(GUEST, 0x9000, 0, 0), file.passOn(), false),
                MappedRegion.map(
                    new RegionDescription(GUEST + 0x9000, 0x7000, 1L << 40, 0x9000),
                    file.passOn(),
                    false)));
    file.segment().set(ValueLayout.JAVA_INT, HEADER - GUEST, 1);
    file.segment().set(ValueLayout.JAVA_LONG, HEADER - GUEST + 8, 77);
    request = new BlockRequest(0);
  }

  @AfterEach
  void unmap() {
    memory.release();
    file.close();
    arena.close();
  }

  private static void put(
      MemorySegment table, int index, long address, long length, int flags, int next) {
    long at = 16L * index;
    table.set(ValueLayout.JAVA_LONG_UNALIGNED, at, address);
    table.set(ValueLayout.JAVA_INT_UNALIGNED, at + 8, (int) length);
    table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
    table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 14, (short) next);
  }

  private void direct(int index, long address, long length, int flags, int next) {
    put(descriptors, index, address, length, flags, next);
  }

  private void inTable(int index, long address, long length, int flags, int next) {
    put(file.segment().asSlice(TABLE - GUEST), index, address, length, flags, next);
  }

  private int read(int head) {
    request.clear();
    request.begin(head, new MemoryLease(memory, Runnable::run));
    int descriptorsSeen = reader.read(ring, memory, request);
    MemoryFault.surface();
    return descriptorsSeen;
  }

  private static List<String> pieces(ScatterList list) {
    List<String> pieces = new ArrayList<>();
    for (int i = 0; i < list.count(); i++) {
      pieces.add(list.offset(i) + "+" + list.length(i));
    }
    return pieces;
  }

  @Test
  void aPlainRequestIsReadWhole() {
    direct(3, HEADER, 16, NEXT, 9);
    direct(9, DATA, 512, NEXT, 0);
    direct(0, DATA + 512, 1, WRITE, 0);
    assertEquals(3, read(3));
    assertFalse(request.malformed);
    assertEquals(1, request.type);
    assertEquals(77, request.sector);
    assertEquals(List.of("4096+512"), pieces(request.out));
    assertEquals(List.of(), pieces(request.in));
    assertTrue(request.hasStatus());
    request.result = 2;
    request.writeStatus();
    assertEquals(2, file.segment().get(ValueLayout.JAVA_BYTE, 4096 + 512));
  }

  @Test
  void theLastWritableByteIsTheStatusHoweverTheRestIsCut() {
    direct(0, HEADER, 16, NEXT, 1);
    direct(1, DATA, 100, NEXT | WRITE, 2);
    direct(2, DATA + 5000, 413, NEXT | WRITE, 3);
    direct(3, 0, 0, WRITE, 0);
    assertEquals(4, read(0));
    assertFalse(request.malformed);
    assertEquals(List.of("4096+100", "9096+412"), pieces(request.in));
    request.result = 1;
    request.writeStatus();
    assertEquals(1, file.segment().get(ValueLayout.JAVA_BYTE, 9096 + 412));
  }

  @Test
  void neighbouringPiecesAreOne() {
    direct(0, HEADER, 16, NEXT, 1);
    direct(1, DATA, 100, NEXT, 2);
    direct(2, DATA + 100, 412, NEXT, 3);
    direct(3, DATA + 512, 1, WRITE, 0);
    read(0);
    assertEquals(List.of("4096+512"), pieces(request.out));
  }

  @Test
  void aMalformedChainStillHasItsStatus() {
    direct(0, HEADER, 16, NEXT, 1);
    direct(1, 0, 512, NEXT, 2);
    direct(2, DATA, 1, WRITE, 0);
    read(0);
    assertTrue(request.malformed);
    assertTrue(request.hasStatus());
  }

  @Test
  void aChainWithoutAnEndHasNoStatus() {
    direct(0, HEADER, 16, NEXT, 1);
    direct(1, DATA, 1, NEXT | WRITE, 1);
    assertEquals(SIZE, read(0));
    assertTrue(request.malformed);
    assertFalse(request.hasStatus());
  }

  @Test
  void aTableMayBeInTwoRegions() {
    long across = GUEST + 0x9000 - 24;
    MemorySegment table = file.segment().asSlice(across - GUEST);
    put(table, 0, HEADER, 16, NEXT, 1);
    put(table, 1, DATA, 512, NEXT, 2);
    put(table, 2, DATA + 600, 1, WRITE, 0);
    direct(0, across, 48, INDIRECT, 0);
    assertEquals(4, read(0));
    assertFalse(request.malformed);
    assertEquals(List.of("4096+512"), pieces(request.out));
    // Nothing of that is left over for the next one.
    inTable(0, HEADER, 16, NEXT, 1);
    inTable(1, DATA, 1, WRITE, 0);
    direct(0, TABLE, 32, INDIRECT, 0);
    read(0);
    assertFalse(request.malformed);
    assertEquals(List.of(), pieces(request.out));
  }

  @Test
  void aTableOfTablesIsRefused() {
    inTable(0, TABLE, 32, INDIRECT, 0);
    direct(0, TABLE, 32, INDIRECT, 0);
    assertEquals(2, read(0));
    assertTrue(request.malformed);
    assertFalse(request.hasStatus());
  }

  @Test
  void oneChainCannotFillTheHeap() {
    MemorySegment table = file.segment().asSlice(TABLE - GUEST);
    int longest = (int) (table.byteSize() / 16);
    for (int i = 0; i < longest; i++) {
      // Each of them spans both regions, and none continues another.
      put(table, i, GUEST + 0x8fff, 2, i == longest - 1 ? 0 : NEXT, i + 1);
    }
    put(table, 0, HEADER, 16, NEXT, 1);
    direct(0, TABLE, 16L * longest, INDIRECT, 0);
    read(0);
    assertTrue(request.malformed, "it has no status");
    assertTrue(request.pieces() <= 2 * longest);
  }

  @Test
  void memoryThatVanishesIsToldApartFromWrongAddresses() throws IOException {
    direct(0, HEADER, 16, NEXT, 1);
    direct(1, DATA, 1, WRITE, 0);
    direct(2, 5, 16, NEXT, 1);
    read(2);
    assertTrue(request.malformed);
    assertFalse(request.vanished);
    file.truncate(0);
    read(0);
    assertTrue(request.malformed);
    assertTrue(request.vanished);
  }

  @Test
  void randomTablesNeverLeaveMemory() {
    Random random = new Random(20261121);
    for (int round = 0; round < 20_000; round++) {
      for (int i = 0; i < SIZE; i++) {
        direct(i, address(random), length(random), random.nextInt(8), random.nextInt(SIZE + 2));
        inTable(i, address(random), length(random), random.nextInt(8), random.nextInt(SIZE + 2));
      }
      int seen = read(random.nextInt(SIZE));
      assertTrue(seen <= 2 * 32768);
      assertInside(request.in);
      assertInside(request.out);
      if (request.hasStatus()) {
        request.writeStatus();
      }
    }
  }

  private static long address(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextLong();
      case 1 -> TABLE + random.nextInt(64);
      case 2 -> GUEST + 0x10000 - random.nextInt(64);
      default -> GUEST + random.nextInt(0x10000);
    };
  }

  private static long length(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt();
      case 1 -> 16L * random.nextInt(SIZE);
      case 2 -> 0;
      default -> random.nextInt(0x800);
    };
  }

  private static void assertInside(ScatterList list) {
    long total = 0;
    for (int i = 0; i < list.count(); i++) {
      assertTrue(list.offset(i) >= 0);
      assertTrue(list.offset(i) + list.length(i) <= list.segment(i).byteSize());
      total += list.length(i);
    }
    assertEquals(total, list.byteSize());
  }
}
