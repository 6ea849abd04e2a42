package io.ubiblk.core.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.testkit.Patterns;
import java.io.EOFException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageSourceTest {

  private static final int SIZE = 64 * 1024;

  @TempDir Path directory;
  private Path image;
  private final byte[] content = Patterns.bytes(0, SIZE, 1);

  @BeforeEach
  void makeImage() throws Exception {
    image = directory.resolve("image");
    Files.write(image, content);
  }

  private static byte[] read(RawImageSource source, long offset, int length) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(length);
      source.read(offset, memory);
      return memory.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Test
  void readsWhatTheFileHoldsAndZerosBehindIt() throws Exception {
    try (RawImageSource source = RawImageSource.open(image)) {
      assertEquals(SIZE, source.size());
      assertArrayEquals(content, read(source, 0, SIZE));
      byte[] end = Arrays.copyOf(Arrays.copyOfRange(content, SIZE - 512, SIZE), 4096);
      assertArrayEquals(end, read(source, SIZE - 512, 4096));
      assertArrayEquals(new byte[512], read(source, 2 * SIZE, 512));
    }
  }

  @Test
  void interruptedReaderSpoilsNothingForTheOthers() throws Exception {
    try (RawImageSource source = RawImageSource.open(image)) {
      for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
        FutureTask<Boolean> reader =
            new FutureTask<>(
                () -> {
                  Thread.currentThread().interrupt();
                  assertArrayEquals(content, read(source, 0, SIZE));
                  return Thread.interrupted();
                });
        builder.start(reader);
        assertTrue(reader.get(), "the interruption was lost");
        assertArrayEquals(content, read(source, 0, SIZE));
      }
    }
  }

  @Test
  void fileThatHasShrunkIsAnError() throws Exception {
    try (RawImageSource source = RawImageSource.open(image);
        FileChannel other = FileChannel.open(image, StandardOpenOption.WRITE)) {
      other.truncate(1024);
      assertThrows(EOFException.class, () -> read(source, 0, SIZE));
      assertArrayEquals(Arrays.copyOf(content, 1024), read(source, 0, 1024));
    }
  }

  @Test
  void closedSourceReadsNothing() throws Exception {
    RawImageSource source = RawImageSource.open(image);
    source.close();
    source.close();
    assertThrows(BlockDeviceException.Closed.class, () -> read(source, 0, 512));
  }
}
