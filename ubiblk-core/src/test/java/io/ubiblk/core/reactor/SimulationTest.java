package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulationTest {

  @TempDir Path directory;

  /** Lets two reactors work together and writes down what happens when. */
  private static List<String> trace(long seed) {
    Simulation simulation = new Simulation(seed);
    List<String> trace = new ArrayList<>();
    EventLoop one = simulation.newReactor();
    EventLoop two = simulation.newReactor();
    int[] left = {50};
    ReactorTask[] tasks = new ReactorTask[2];
    tasks[0] =
        one.task(
            () -> {
              trace.add("one at " + simulation.nanoTime());
              assertTrue(one.inReactor());
              assertFalse(two.inReactor());
              tasks[1].schedule();
            });
    tasks[1] =
        two.task(
            () -> {
              trace.add("two at " + simulation.nanoTime());
              if (left[0]-- > 0) {
                one.blocking().execute(tasks[0]::schedule);
              }
            });
    one.timer(() -> trace.add("timer at " + simulation.nanoTime())).set(3_000_000);
    tasks[0].schedule();
    simulation.run();
    return trace;
  }

  @Test
  void theSameSeedReplaysTheSameRun() {
    for (long seed = 0; seed < 20; seed++) {
      assertEquals(trace(seed), trace(seed));
    }
  }

  @Test
  void anotherSeedIsAnotherRun() {
    assertNotEquals(trace(1), trace(2));
  }

  @Test
  void theSameSeedReplaysFileOperations() throws Exception {
    assertEquals(fileTrace(5, "a"), fileTrace(5, "b"));
    assertNotEquals(fileTrace(5, "c"), fileTrace(6, "d"));
  }

  private List<String> fileTrace(long seed, String name) throws Exception {
    Simulation simulation = new Simulation(seed);
    EventLoop loop = simulation.newReactor();
    List<String> trace = new ArrayList<>();
    try (RawFileDevice device =
            RawFileDevice.create(directory.resolve(name), 1 << 20, RawFileOptions.DEFAULT);
        ChannelDriver channel = ChannelDriver.open(device, loop, 32)) {
      MemorySegment memory = Arena.ofAuto().allocate(512);
      for (int i = 0; i < 32; i++) {
        int number = i;
        channel.issue(
            IoRequest.write(i * 512L, memory)
                .then(_ -> trace.add(number + " at " + simulation.nanoTime())));
      }
      channel.awaitAll();
    }
    return trace;
  }

  @Test
  void timeStandsStillUnlessSomebodyWaits() {
    Simulation simulation = new Simulation(1);
    EventLoop loop = simulation.newReactor();
    assertEquals(0, loop.nanoTime());
    assertEquals(0, loop.turn());
    loop.await(1_000);
    assertEquals(1_000, loop.nanoTime());
    loop.timer(() -> {}).set(5_000);
    loop.await(1_000_000);
    assertEquals(5_000, loop.nanoTime(), "no further than the next event");
  }

  @Test
  void descriptorsAreNotSimulated() {
    IoReactor reactor = (IoReactor) new Simulation(1).newReactor();
    assertThrows(BlockDeviceException.Unsupported.class, () -> reactor.watch(0, () -> {}));
  }
}
