package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryTest {

  @TempDir Path directory;

  private OpenFile file() throws Exception {
    OpenFile file = OpenFile.open(directory.resolve("m"), OpenFile.READ_WRITE | OpenFile.CREATE);
    file.truncate(3L * Memory.PAGE);
    return file;
  }

  @Test
  void aMappingIsTheFileAndOutlivesTheDescriptor() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mapping;
      try (OpenFile file = file()) {
        mapping = Memory.map(file.fd(), Memory.PAGE, 2L * Memory.PAGE, arena);
      }
      assertEquals(2 * Memory.PAGE, mapping.byteSize());
      mapping.set(ValueLayout.JAVA_BYTE, 5, (byte) 7);
      assertEquals(7, Files.readAllBytes(directory.resolve("m"))[Memory.PAGE + 5]);
    }
  }

  @Test
  void theMappingEndsWithItsArena() throws Exception {
    Arena arena = Arena.ofShared();
    try (OpenFile file = file()) {
      MemorySegment mapping = Memory.map(file.fd(), 0, Memory.PAGE, arena);
      long address = mapping.address();
      assertEquals(true, isMapped(address));
      arena.close();
      assertThrows(IllegalStateException.class, () -> mapping.get(ValueLayout.JAVA_BYTE, 0));
      assertFalse(isMapped(address));
    }
  }

  private boolean isMapped(long address) throws Exception {
    String start = Long.toHexString(address);
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .anyMatch(line -> line.startsWith(start + "-") && line.contains(directory.toString()));
  }

  @Test
  void accessToWhatWasCutOffIsAnErrorThatCanBeCaught() throws Exception {
    try (OpenFile file = file();
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapping = Memory.map(file.fd(), 0, 3L * Memory.PAGE, arena);
      file.truncate(Memory.PAGE);
      assertEquals(0, mapping.get(ValueLayout.JAVA_BYTE, 0));
      assertThrows(InternalError.class, () -> mapping.asSlice(2L * Memory.PAGE).fill((byte) 1));
    }
  }

  @Test
  void whatCannotBeMappedIsRefusedWithItsErrno() throws Exception {
    try (OpenFile file = file();
        Arena arena = Arena.ofConfined()) {
      assertEquals(
          Errno.EINVAL,
          assertThrows(
                  BlockDeviceException.Io.class,
                  () -> Memory.map(file.fd(), 100, Memory.PAGE, arena))
              .errno());
      assertEquals(
          Errno.EBADF,
          assertThrows(BlockDeviceException.Io.class, () -> Memory.map(-1, 0, Memory.PAGE, arena))
              .errno());
    }
  }
}
