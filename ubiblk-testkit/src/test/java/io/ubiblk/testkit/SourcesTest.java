package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Status;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class SourcesTest {

  private final MemorySegment memory = Arena.ofShared().allocate(16384);

  @Test
  void contentIsTheSameHoweverItIsRead() throws Exception {
    PatternSource source = new PatternSource(7, 10_001);
    source.read(0, memory);
    for (int[] range : new int[][] {{1, 1}, {3, 77}, {8, 8}, {9_990, 11}, {4096, 4096}}) {
      MemorySegment part = memory.asSlice(12_000, range[1]);
      source.read(range[0], part);
      assertEquals(-1, part.mismatch(memory.asSlice(range[0], range[1])), "at " + range[0]);
    }
    assertTrue(Patterns.isZero(memory, 10_001, 1_000), "zeros behind the end");
    source.verifyDisk(0, memory.asSlice(0, 10_240), 1024);
  }

  @Test
  void displacedContentIsTracedToItsPlace() {
    PatternSource source = new PatternSource(7, 16384);
    source.fill(4096, memory.asSlice(0, 512));
    Expect.failure(
        AssertionError.class,
        "it holds what belongs to 4096",
        () -> source.verifyDisk(512, memory.asSlice(0, 512), 512));
  }

  @Test
  void anotherSeedIsOtherContent() {
    new PatternSource(1, 512).fill(0, memory.asSlice(0, 512));
    assertThrows(
        AssertionError.class,
        () -> new PatternSource(2, 512).verifyDisk(0, memory.asSlice(0, 512), 512));
  }

  @Test
  void stripesAreReadWholeAndOnlyIfPresent() throws Exception {
    PatternSource source = new PatternSource(7, 4000).withStripes(1024).withPresent(s -> s != 1);
    assertEquals(OptionalInt.of(1024), source.stripeSize());
    assertTrue(source.contains(0, 1024) && source.contains(3, 1024));
    assertFalse(source.contains(1, 1024) || source.contains(4, 1024));
    source.read(2048, memory.asSlice(0, 1024));
    for (long[] wrong : new long[][] {{512, 1024}, {0, 512}, {1024, 1024}, {4096, 1024}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> source.read(wrong[0], memory.asSlice(0, wrong[1])),
          () -> "read at " + wrong[0]);
    }
    source.withParts(true).read(100, memory.asSlice(0, 900));
    source.fillDisk(0, memory.asSlice(0, 4096), 1024);
    assertTrue(Patterns.isZero(memory, 1024, 1024), "a missing stripe");
    assertEquals(3, source.withParallelism(3).parallelism());
  }

  @Test
  void closedSourcesRefuseReads() {
    PatternSource source = new PatternSource(7, 4000);
    source.close();
    assertThrows(BlockDeviceException.Closed.class, () -> source.read(0, memory));
  }

  @Test
  void readsFailByScriptAndByChance() throws Exception {
    FaultySource source = new FaultySource(new PatternSource(1, 16384), 512, 3);
    source.failNext(Status.ETIMEDOUT, 2);
    for (int i = 0; i < 2; i++) {
      BlockDeviceException.Io e =
          assertThrows(BlockDeviceException.Io.class, () -> source.read(0, memory.asSlice(0, 512)));
      assertEquals(Status.ETIMEDOUT, e.errno());
    }
    source.read(512, memory.asSlice(0, 512));
    source.failRandomly(0.5, Status.EIO);
    int failed = 0;
    for (int i = 0; i < 400; i++) {
      try {
        source.read(1024, memory.asSlice(0, 512));
      } catch (BlockDeviceException.Io e) {
        failed++;
      }
    }
    assertTrue(failed > 100 && failed < 300, failed + " of 400 failed");
    assertEquals(
        List.of(2, 1, 400, 0), List.of(0L, 1L, 2L, 3L).stream().map(source::reads).toList());
    assertEquals(403, source.reads());
  }

  @Test
  void heldReadsRunTogetherAndAreCounted() throws Exception {
    FaultySource source = new FaultySource(new PatternSource(1, 16384), 512, 3);
    source.hold();
    List<FutureTask<Boolean>> reads = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      reads.add(readLater(source, i * 512L));
      Thread.startVirtualThread(reads.getLast());
    }
    source.awaitReads(5);
    assertEquals(5, source.running());
    assertFalse(reads.stream().anyMatch(FutureTask::isDone));
    source.release();
    for (FutureTask<Boolean> read : reads) {
      assertTrue(read.get());
    }
    assertEquals(5, source.mostRunning());
    assertEquals(0, source.running());
    assertTrue(memory.get(ValueLayout.JAVA_LONG, 0) != 0);
  }

  @Test
  void interruptedReadsGiveUp() throws Exception {
    FaultySource source = new FaultySource(new PatternSource(1, 16384), 512, 3);
    source.delay(Duration.ofHours(1), Duration.ofHours(2));
    FutureTask<Boolean> read = readLater(source, 0);
    Thread thread = Thread.startVirtualThread(read);
    source.awaitReads(1);
    thread.interrupt();
    ExecutionException e = assertThrows(ExecutionException.class, read::get);
    assertInstanceOf(InterruptedIOException.class, e.getCause());
    assertEquals(1, source.interruptions());
  }

  @Test
  void closingEndsReadsThatAreHeldUp() throws Exception {
    FaultySource source = new FaultySource(new PatternSource(1, 16384), 512, 3);
    source.hold();
    FutureTask<Boolean> read = readLater(source, 0);
    Thread.startVirtualThread(read);
    source.awaitReads(1);
    source.close();
    ExecutionException e = assertThrows(ExecutionException.class, read::get);
    assertInstanceOf(BlockDeviceException.Closed.class, e.getCause());
    assertEquals(1, source.closes());
  }

  private FutureTask<Boolean> readLater(FaultySource source, long offset) {
    return new FutureTask<>(
        () -> {
          source.read(offset, memory.asSlice(offset, 512));
          return true;
        });
  }
}
