package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.LoopDriver;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More operations at once than either ring has room for. */
class RingOverflowTest {

  private static final int DEPTH = 10_000;

  @TempDir Path directory;

  @Test
  void everyOperationCompletesOnceHoweverManyThereAre() throws Exception {
    for (EventLoop each : List.of(Loops.ring(), Loops.epoll())) {
      try (IoReactor loop = (IoReactor) each;
          OpenFile file = open()) {
        ScatterList data = ScatterList.of(Arena.ofAuto().allocate(512));
        BitSet done = new BitSet();
        List<String> wrong = new ArrayList<>();
        IoPort port =
            loop.openPort(
                DEPTH,
                (slot, result) -> {
                  if (result != 512 || done.get(slot)) {
                    wrong.add(slot + ": " + result);
                  }
                  done.set(slot);
                });
        for (int round = 0; round < 2; round++) {
          done.clear();
          for (int slot = 0; slot < DEPTH; slot++) {
            port.read(slot, file, slot % 100 * 512L, data, 0, 512);
          }
          assertEquals(0, done.cardinality(), "completed from inside a call");
          new LoopDriver(loop).until(() -> done.cardinality() == DEPTH, () -> "all of " + loop);
        }
        assertEquals(List.of(), wrong);
        port.close();
      }
    }
  }

  @Test
  void manyPortsShareALoop() throws Exception {
    for (EventLoop each : List.of(Loops.ring(), Loops.epoll())) {
      try (IoReactor loop = (IoReactor) each;
          OpenFile file = open()) {
        ScatterList data = ScatterList.of(Arena.ofAuto().allocate(512));
        int[] done = new int[500];
        List<IoPort> ports = new ArrayList<>();
        for (int i = 0; i < done.length; i++) {
          int number = i;
          ports.add(loop.openPort(4, (slot, result) -> done[number] += result));
        }
        for (IoPort port : ports) {
          for (int slot = 0; slot < 4; slot++) {
            port.read(slot, file, 0, data, 0, 512);
          }
        }
        LoopDriver driver = new LoopDriver(loop);
        driver.until(
            () -> java.util.Arrays.stream(done).allMatch(n -> n == 4 * 512), () -> "all ports");
        ports.forEach(IoPort::close);
      }
    }
  }

  private OpenFile open() throws Exception {
    OpenFile file = OpenFile.open(directory.resolve("file"), OpenFile.READ_WRITE | OpenFile.CREATE);
    file.truncate(1 << 20);
    return file;
  }
}
