package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PatternsTest {

  private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);

  @Test
  void aSectorNamesItsNumberAndGeneration() {
    Patterns.fill(memory, 3, 1024, 4096, 7);
    assertEquals(7, Patterns.generation(memory, 3, 4096));
    assertEquals(7, Patterns.generation(memory, 3 + 512, 4096 + 512));
    assertEquals("sector 9 of generation 7", Patterns.describe(memory, 3 + 512));
    Patterns.verify(memory, 3, 1024, 4096, 7);
  }

  @Test
  void contentOfAnotherSectorIsForeign() {
    Patterns.fill(memory, 0, 512, 4096, 7);
    assertEquals(Patterns.FOREIGN, Patterns.generation(memory, 0, 4608));
    Expect.failure(
        AssertionError.class,
        "found sector 8 of generation 7",
        () -> Patterns.verify(memory, 0, 512, 4608, 7));
  }

  @Test
  void anotherGenerationIsToldApart() {
    Patterns.fill(memory, 0, 512, 0, 0);
    assertEquals(0, Patterns.generation(memory, 0, 0));
    assertThrows(AssertionError.class, () -> Patterns.verify(memory, 0, 512, 0, 1));
  }

  @Test
  void everyChangedByteIsNoticed() {
    for (int i = 0; i < 512; i++) {
      byte[] bytes = Patterns.bytes(1024, 512, 3);
      bytes[i] ^= 1;
      MemorySegment changed = MemorySegment.ofArray(bytes);
      assertEquals(Patterns.FOREIGN, Patterns.generation(changed, 0, 1024), "byte " + i);
      assertThrows(AssertionError.class, () -> Patterns.verify(changed, 0, 512, 1024, 3));
    }
  }

  @Test
  void aTornSectorIsDescribed() {
    byte[] bytes = Patterns.bytes(0, 512, 1);
    System.arraycopy(Patterns.bytes(0, 512, 2), 256, bytes, 256, 256);
    assertEquals(
        "sector 0 of generation 1 up to byte 256 and other content behind it",
        Patterns.describe(MemorySegment.ofArray(bytes), 0));
  }

  @Test
  void zerosAreNeitherPatternNorForeign() {
    MemorySegment zeros = MemorySegment.ofArray(new byte[512]);
    assertEquals(Patterns.ZEROS, Patterns.generation(zeros, 0, 0));
    assertEquals("zeros", Patterns.describe(zeros, 0));
    assertTrue(Patterns.isZero(zeros, 0, 512));
    zeros.set(ValueLayout.JAVA_BYTE, 511, (byte) 1);
    assertFalse(Patterns.isZero(zeros, 0, 512));
  }

  @Test
  void partsOfSectorsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Patterns.fill(memory, 0, 511, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> Patterns.fill(memory, 0, 512, 1, 0));
  }

  @Test
  void differentSectorsShareNoWords() {
    long[] a = Arrays.stream(longs(Patterns.bytes(0, 512, 1))).sorted().toArray();
    for (long word : longs(Patterns.bytes(512, 512, 1))) {
      if (word != longs(Patterns.bytes(0, 512, 1))[1]) {
        assertTrue(Arrays.binarySearch(a, word) < 0, "word " + word + " is in both");
      }
    }
  }

  private static long[] longs(byte[] bytes) {
    return MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
  }
}
