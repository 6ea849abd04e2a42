package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.LoopDriver;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BufferTableTest {

  @TempDir Path directory;

  @Test
  void numbersAreGivenOnceUntilTheyComeBack() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring()) {
      int half = BufferTable.SIZE / 2;
      int first = loop.reserveBuffers(half);
      assumeTrue(first >= 0, "sparse tables of buffers came with Linux 5.19");
      assertEquals(half, loop.reserveBuffers(half));
      assertEquals(-1, loop.reserveBuffers(1));
      loop.releaseBuffers(100, 50);
      loop.releaseBuffers(300, 60);
      assertEquals(300, loop.reserveBuffers(60));
      assertEquals(100, loop.reserveBuffers(49));
      assertEquals(149, loop.reserveBuffers(1));
      assertEquals(-1, loop.reserveBuffers(1));
    }
  }

  @Test
  void moreThanTheTableHoldsIsRefused() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring()) {
      assertEquals(-1, loop.reserveBuffers(BufferTable.SIZE + 1));
    }
  }

  @Test
  void bufferThatNobodyHasFilledIsAnError() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring();
        OpenFile file =
            OpenFile.open(directory.resolve("f"), OpenFile.READ_WRITE | OpenFile.CREATE)) {
      int buffer = loop.reserveBuffers(1);
      assumeTrue(buffer >= 0, "sparse tables of buffers came with Linux 5.19");
      int[] results = {1, 1};
      IoPort port = loop.openPort(2, (slot, result) -> results[slot] = result);
      port.readFixed(0, file, 0, buffer, 0, 4096);
      port.writeFixed(1, file, 0, buffer, 0, 4096, 0);
      new LoopDriver(loop).until(() -> results[0] != 1 && results[1] != 1, () -> "completions");
      assertTrue(results[0] < 0 && results[1] < 0, results[0] + " and " + results[1]);
      port.close();
    }
  }
}
