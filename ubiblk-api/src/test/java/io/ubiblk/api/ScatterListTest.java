package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScatterListTest {

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void free() {
    arena.close();
  }

  private MemorySegment memory(int size, int first) {
    MemorySegment segment = arena.allocate(size, 64);
    for (int i = 0; i < size; i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) (first + i));
    }
    return segment;
  }

  @Test
  void adjacentPiecesAreMerged() {
    MemorySegment a = memory(100, 0);
    ScatterList list = new ScatterList(1);
    list.add(a, 10, 5);
    list.add(a, 15, 5);
    list.add(a, 30, 1);
    list.add(a, 30, 0);
    assertEquals(2, list.count());
    assertEquals(11, list.byteSize());
    assertSame(a, list.segment(0));
    assertEquals(10, list.offset(0));
    assertEquals(10, list.length(0));
    list.clear();
    assertEquals(0, list.count());
    assertEquals(0, list.byteSize());
  }

  @Test
  void whatAKernelMustNotSeeIsRefused() {
    ScatterList list = new ScatterList();
    MemorySegment a = memory(100, 0);
    assertThrows(
        IllegalArgumentException.class, () -> list.add(MemorySegment.ofArray(new byte[8]), 0, 8));
    assertThrows(IndexOutOfBoundsException.class, () -> list.add(a, 0, 101));
    assertThrows(IndexOutOfBoundsException.class, () -> list.add(a, -1, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> list.add(a, 1, Long.MAX_VALUE));
    assertEquals(0, list.count());
  }

  @Test
  void copiesCrossPieces() {
    ScatterList list = new ScatterList();
    list.add(memory(10, 0), 5, 5);
    list.add(memory(10, 100), 0, 3);
    list.add(memory(10, 50), 2, 4);
    byte[] out = new byte[10];
    assertTrue(list.copyTo(3, MemorySegment.ofArray(out), 1, 8));
    assertArrayEquals(new byte[] {0, 8, 9, 100, 101, 102, 52, 53, 54, 0}, out);
    assertTrue(list.copyFrom(4, MemorySegment.ofArray(new byte[] {1, 2, 3, 4, 5}), 0, 5));
    assertTrue(list.copyTo(3, MemorySegment.ofArray(out), 0, 7));
    assertArrayEquals(new byte[] {8, 1, 2, 3, 4, 5, 53, 53, 54, 0}, out);
    assertTrue(list.fill(4, 7, (byte) 9));
    assertTrue(list.copyTo(2, MemorySegment.ofArray(out), 0, 10));
    assertArrayEquals(new byte[] {7, 8, 9, 9, 9, 9, 9, 9, 9, 55}, out);
    assertThrows(IndexOutOfBoundsException.class, () -> list.copyTo(3, memory(10, 0), 0, 10));
    assertThrows(IndexOutOfBoundsException.class, () -> list.copyTo(0, memory(5, 0), 0, 6));
  }

  @Test
  void rangesOfAListBecomeAList() {
    ScatterList whole = new ScatterList();
    whole.add(memory(10, 0), 0, 10);
    whole.add(memory(10, 10), 0, 10);
    whole.add(memory(10, 20), 0, 10);
    for (int from = 0; from <= 30; from++) {
      for (int to = from; to <= 30; to++) {
        ScatterList part = new ScatterList(1);
        part.addRange(whole, from, to - from);
        assertEquals(to - from, part.byteSize());
        byte[] out = new byte[to - from];
        assertTrue(part.copyTo(0, MemorySegment.ofArray(out), 0, out.length));
        for (int i = 0; i < out.length; i++) {
          assertEquals(from + i, out[i]);
        }
      }
    }
    assertThrows(IndexOutOfBoundsException.class, () -> new ScatterList().addRange(whole, 20, 11));
  }

  @Test
  void bytesAreRemovedFromTheEnd() {
    ScatterList list = new ScatterList();
    list.add(memory(10, 0), 0, 10);
    list.add(memory(10, 10), 0, 10);
    list.truncate(15);
    assertEquals(15, list.byteSize());
    assertEquals(5, list.length(1));
    list.truncate(10);
    assertEquals(1, list.count());
    list.truncate(0);
    assertEquals(0, list.count());
    assertThrows(IndexOutOfBoundsException.class, () -> list.truncate(1));
  }

  @Test
  void alignmentIsThatOfAddressesAndLengths() {
    ScatterList list = new ScatterList();
    MemorySegment a = memory(1024, 0);
    list.add(a, 0, 64);
    list.add(a, 128, 192);
    assertTrue(list.isAligned(64, 64));
    list.add(a, 512, 32);
    assertTrue(list.isAligned(64, 32));
    assertFalse(list.isAligned(64, 64));
    list.add(a, 600, 32);
    assertTrue(list.isAligned(8, 32));
    assertFalse(list.isAligned(16, 32));
  }

  @Test
  void memoryThatVanishedIsReported(@TempDir Path dir) throws Exception {
    Path path = dir.resolve("shared");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(1 << 20);
      MemorySegment shared =
          file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20, arena);
      MemorySegment local = arena.allocate(1 << 20);
      ScatterList list = ScatterList.of(shared);
      // Compiled and interpreted code meet the fault in different ways.
      for (int i = 0; i < 20_000; i++) {
        assertTrue(list.copyTo(0, local, 0, 4096));
        assertTrue(list.copyFrom(0, local, 0, 4096));
        assertTrue(list.fill(0, 4096, (byte) 1));
      }
      file.setLength(0);
      for (int i = 0; i < 100; i++) {
        assertFalse(list.copyTo(0, local, 0, 4096));
        assertFalse(list.copyFrom(0, local, 0, 4096));
        assertFalse(list.fill(0, 4096, (byte) 1));
      }
    }
  }
}
