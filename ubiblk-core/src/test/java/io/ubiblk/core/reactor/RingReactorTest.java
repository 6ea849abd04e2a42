package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Counters;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.ForbiddenRings;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.LoopDriver;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a reactor on a ring has to cope with. */
class RingReactorTest {

  private static final int DEPTH = 64;

  @TempDir Path directory;

  @Test
  void completionsThatAreSetAsideFromInsideOneAreDeliveredOnceAndInOrder() throws Exception {
    try (RingReactor loop = (RingReactor) Loops.ring();
        OpenFile file =
            OpenFile.open(directory.resolve("f"), OpenFile.READ_WRITE | OpenFile.CREATE)) {
      file.truncate(1 << 20);
      ScatterList data = ScatterList.of(Arena.ofAuto().allocate(512));
      int[] done = new int[DEPTH];
      int[] all = new int[1];
      IoPort port =
          loop.openPort(
              DEPTH,
              (slot, result) -> {
                assertEquals(512, result);
                done[slot]++;
                all[0]++;
                if (all[0] % 5 == 1) {
                  // As if a submission had found no room for completions.
                  loop.setAside();
                }
              });
      for (int round = 1; round <= 50; round++) {
        int expected = round;
        for (int slot = 0; slot < DEPTH; slot++) {
          port.read(slot, file, 512L * slot, data, 0, 512);
        }
        new LoopDriver(loop).until(() -> all[0] >= expected * DEPTH, () -> "round " + expected);
        for (int slot = 0; slot < DEPTH; slot++) {
          assertEquals(round, done[slot], "completions of slot " + slot);
        }
      }
      port.close();
    }
  }

  @Test
  void aKernelThatTakesNothingIsNotAskedForEver() throws Exception {
    FutureTask<IllegalStateException> task =
        new FutureTask<>(
            () -> {
              try (IoReactor loop = (IoReactor) Loops.ring();
                  EventFd event = EventFd.open()) {
                Signal signal = loop.signal(event.fd());
                if (!ForbiddenRings.onThisThread(
                    ForbiddenRings.Call.IO_URING_ENTER, Errno.ENOMEM)) {
                  return null;
                }
                signal.raise();
                return assertThrows(IllegalStateException.class, signal::close);
              }
            });
    Thread.ofPlatform().start(task);
    IllegalStateException thrown = task.get();
    assumeTrue(thrown != null, "the kernel takes no seccomp filter");
    assertTrue(thrown.toString().contains("io_uring_enter"), thrown.getMessage());
  }

  @Test
  void aWatchThatFailsIsTriedAgain() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring()) {
      EventFd gone = EventFd.open();
      int number = gone.fd();
      gone.close();
      int[] seen = new int[1];
      loop.watch(number, () -> seen[0]++);
      LoopDriver driver = new LoopDriver(loop);
      driver.settle();
      try (EventFd back = EventFd.open()) {
        assumeTrue(back.fd() == number, "somebody else has taken the number");
        back.signal();
        driver.until(() -> seen[0] > 0, () -> "the event");
      }
    }
  }

  @Test
  void aSignalThatEndsInOrderReachesItsReaderFirst() throws Exception {
    try (RingReactor loop = (RingReactor) Loops.ring();
        EventFd event = EventFd.open()) {
      Signal signal = loop.signal(event.fd());
      signal.raise();
      loop.turn();
      boolean[] finished = new boolean[1];
      LoopDriver driver = new LoopDriver(loop);
      driver.settle();
      Counters.drain(event);
      Counters.makeBlocking(event);
      Counters.fill(event);
      Signal blocking = RingSignal.withoutMessages(loop, event.fd());
      blocking.raise();
      loop.turn();
      blocking.raise();
      blocking.finish(() -> finished[0] = true);
      loop.turn();
      assertFalse(finished[0], "the first write cannot have been taken");
      assertEquals(-2, Counters.drain(event));
      driver.until(() -> finished[0], () -> "both writes");
      assertEquals(2, Counters.drain(event), "raised twice");
      signal.close();
      driver.settle();
    }
  }

  @Test
  void aSignalToACounterInBlockingModeIsThereByTheEndOfTheTurn() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring();
        EventFd event = EventFd.open()) {
      Counters.makeBlocking(event);
      Signal signal = loop.signal(event.fd());
      LoopDriver driver = new LoopDriver(loop);
      for (int i = 0; i < 100; i++) {
        signal.raise();
        loop.turn();
        assertEquals(1, Counters.drain(event), "signal " + i);
        driver.settle();
      }
      signal.close();
      driver.settle();
    }
  }

  @Test
  void aSignalDoesNotWaitForRoomInACounterInBlockingMode() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.ring();
        EventFd event = EventFd.open()) {
      Counters.makeBlocking(event);
      Counters.fill(event);
      Signal signal = loop.signal(event.fd());
      LoopDriver driver = new LoopDriver(loop);
      for (int i = 0; i < 10; i++) {
        signal.raise();
        driver.settle();
      }
      boolean[] finished = new boolean[1];
      signal.raise();
      signal.finish(() -> finished[0] = true);
      driver.until(() -> finished[0], () -> "the end");
      assertTrue(Long.compareUnsigned(Counters.drain(event), -2) >= 0, "a counter that is full");
    }
  }

  @Test
  void aSignalWhoseReaderNeverComesIsGivenUp() throws Exception {
    try (RingReactor loop = (RingReactor) Loops.ring();
        EventFd event = EventFd.open()) {
      Counters.makeBlocking(event);
      Counters.fill(event);
      for (boolean cancel : new boolean[] {true, false}) {
        Signal signal = RingSignal.withoutMessages(loop, event.fd());
        signal.raise();
        loop.turn();
        boolean[] finished = new boolean[1];
        signal.finish(() -> finished[0] = true);
        assertFalse(finished[0]);
        if (cancel) {
          signal.close();
          assertTrue(finished[0]);
        }
        new LoopDriver(loop).until(() -> finished[0], () -> "the end");
      }
      assertFalse(Descriptor.isWritable(event.fd()));
    }
  }
}
