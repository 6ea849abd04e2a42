package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import io.ubiblk.testkit.PatternSource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What changing does to a disk, which header bits it sets, and when. */
class LazyChangeTest {

  private static final int STRIPE = LazyStack.STRIPE;
  private static final long SIZE = 32L * STRIPE - 512;
  private static final PatternSource IMAGE = new PatternSource(3, 24L * STRIPE);
  private static final int FETCHED = StripeHeader.FETCHED;
  private static final int WRITTEN = StripeHeader.WRITTEN;
  private static final int HAS_SOURCE = StripeHeader.HAS_SOURCE;
  private static final int HOLE = 31;

  private static LazyStack open(LazyOptions options) throws Exception {
    return LazyStack.onThreads(SIZE, IMAGE, options);
  }

  @Test
  void changesThatReplaceStripesWholeFetchNothing() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      MemorySegment written = stack.pattern(0, 2L * STRIPE, 1);
      assertEquals(Status.OK, channel.write(0, written));
      assertEquals(Status.OK, channel.writeZeroes(2L * STRIPE, 3L * STRIPE, 0));
      assertEquals(Status.OK, channel.discard(5L * STRIPE, STRIPE));
      assertEquals(0, stack.source.reads());
      assertEquals(6, stack.lazy.progress().fetched());
      // The bits tell the truth, and the request does not end before they are durable.
      assertArrayEquals(LazyStack.bytes(written), stack.dataDisk.peekDurable(0, 2 * STRIPE));
      for (int stripe = 0; stripe < 6; stripe++) {
        assertEquals(HAS_SOURCE | FETCHED, stack.durableHeader(stripe));
      }
      MemorySegment read = stack.memory(6L * STRIPE);
      assertEquals(Status.OK, channel.read(0, read));
      assertEquals(-1, read.asSlice(0, 2L * STRIPE).mismatch(written));
      assertEquals(-1, read.asSlice(2L * STRIPE).mismatch(stack.memory(4L * STRIPE)));
    }
  }

  @Test
  void changeOfAPartFetchesOnceAndKeepsTheRest() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      assertEquals(Status.OK, channel.write(512, stack.pattern(512, 512, 1)));
      assertEquals(1, stack.source.reads());
      stack.expectImage(channel, 0, 512);
      stack.expectImage(channel, 1024, STRIPE - 1024);
      // Zeros over a half, two wholes and a half: only the halves are fetched.
      long from = 4L * STRIPE + STRIPE / 2;
      assertEquals(Status.OK, channel.writeZeroes(from, 3L * STRIPE, 0));
      assertEquals(3, stack.source.reads());
      assertEquals(1, stack.source.reads(4));
      assertEquals(1, stack.source.reads(7));
      stack.expectImage(channel, 4L * STRIPE, STRIPE / 2);
      stack.expectImage(channel, 7L * STRIPE + STRIPE / 2, STRIPE / 2);
      MemorySegment zeros = stack.memory(3L * STRIPE);
      assertEquals(Status.OK, channel.read(from, zeros));
      assertEquals(-1, zeros.mismatch(stack.memory(3L * STRIPE)));
    }
  }

  @Test
  void discardLeavesAloneWhatItWouldHaveToFetch() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      assertEquals(Status.OK, channel.discard(512, 512));
      assertEquals(Status.OK, channel.discard(STRIPE + 512L, 2L * STRIPE));
      assertEquals(0, stack.source.reads());
      assertEquals(1, stack.lazy.progress().fetched());
      assertEquals(HAS_SOURCE | FETCHED, stack.durableHeader(2));
      stack.expectImage(channel, 0, 2L * STRIPE);
      stack.expectImage(channel, 3L * STRIPE, STRIPE);
    }
  }

  @Test
  void discardUncoversNothingThatLiesUnderAStripe() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      // Left over from a replacement that the power cut short, for example.
      stack.dataDisk.poke(0, LazyStack.bytes(stack.pattern(0, 2L * STRIPE, 9)));
      assertEquals(Status.OK, channel.discard(0, STRIPE));
      MemorySegment read = stack.memory(STRIPE);
      assertEquals(Status.OK, channel.read(0, read));
      assertEquals(-1, read.mismatch(stack.memory(STRIPE)));
      stack.expectImage(channel, STRIPE, STRIPE);
    }
  }

  @Test
  void changeOfAPartReachesTheDataDeviceWhenTheStripeIsDurable() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      stack.metadata.hold(Operation.FLUSH);
      IoRequest write = channel.issue(IoRequest.write(512, stack.pattern(512, 512, 1)));
      channel.submit();
      stack.driver.until(() -> stack.metadata.inFlight() > 0, () -> "a flush");
      stack.driver.settle();
      assertFalse(write.isDone());
      assertEquals(1, stack.dataLog.requests(Operation.WRITE).size(), "writes, the fetch's");
      stack.metadata.release();
      assertEquals(Status.OK, channel.await(write));
      assertEquals(2, stack.dataLog.requests(Operation.WRITE).size());
    }
  }

  @Test
  void trackedWritesAreMarkedBeforeTheyAreIssued() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT.withTrackWritten(true))) {
      ChannelDriver channel = stack.channel(4);
      stack.metadata.hold(Operation.FLUSH);
      long hole = (long) HOLE * STRIPE;
      IoRequest write = channel.issue(IoRequest.write(hole, stack.pattern(hole, 512, 1)));
      channel.submit();
      stack.driver.until(() -> stack.metadata.inFlight() > 0, () -> "a flush");
      stack.driver.settle();
      assertFalse(write.isDone());
      assertEquals(List.of(), stack.dataLog.requests(Operation.WRITE));
      stack.metadata.release();
      assertEquals(Status.OK, channel.await(write));
      assertEquals(WRITTEN, stack.durableHeader(HOLE));
      // From now on writes of the stripe cost nothing.
      int flushes = stack.metadataLog.flushes();
      assertEquals(Status.OK, channel.write(hole + 512, stack.pattern(hole + 512, 512, 1)));
      assertEquals(flushes, stack.metadataLog.flushes());
    }
  }

  @Test
  void headersTellWhatWasDone() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT.withTrackWritten(true))) {
      ChannelDriver channel = stack.channel(4);
      stack.expectImage(channel, 0, 512);
      assertEquals(Status.OK, channel.write(STRIPE, stack.pattern(STRIPE, 512, 1)));
      assertEquals(Status.OK, channel.write(2L * STRIPE, stack.pattern(0, STRIPE, 1)));
      assertEquals(Status.OK, channel.writeZeroes(3L * STRIPE, 512, 0));
      assertEquals(Status.OK, channel.discard(4L * STRIPE, STRIPE));
      assertEquals(Status.OK, channel.discard(30L * STRIPE, STRIPE));
      assertEquals(Status.OK, channel.writeZeroes(29L * STRIPE, STRIPE, 0));
      stack.awaitFetched(5);
      int both = HAS_SOURCE | FETCHED | WRITTEN;
      assertEquals(HAS_SOURCE | FETCHED, stack.durableHeader(0), "read");
      assertEquals(both, stack.durableHeader(1), "written in part");
      assertEquals(both, stack.durableHeader(2), "replaced");
      assertEquals(both, stack.durableHeader(3), "zeroed in part");
      assertEquals(both, stack.durableHeader(4), "discarded");
      assertEquals(0, stack.durableHeader(30), "a hole, discarded");
      assertEquals(WRITTEN, stack.durableHeader(29), "a hole, zeroed");
      assertEquals(HAS_SOURCE, stack.durableHeader(5), "not touched");
    }
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(4);
      assertEquals(Status.OK, channel.write(STRIPE, stack.pattern(STRIPE, 512, 1)));
      assertEquals(Status.OK, channel.write(30L * STRIPE, stack.pattern(0, STRIPE, 1)));
      assertEquals(HAS_SOURCE | FETCHED, stack.durableHeader(1));
      assertEquals(0, stack.durableHeader(30));
    }
  }

  @Test
  void headerBitsOfManyStripesAreOneRound() throws Exception {
    int stripes = 1200;
    PatternSource image = new PatternSource(3, (long) stripes * STRIPE);
    LazyOptions options = LazyOptions.DEFAULT.withFetchMemory(1 << 30);
    try (LazyStack stack =
        LazyStack.onThreads((long) stripes * STRIPE, image.withParallelism(stripes), options)) {
      ChannelDriver channel = stack.channel(1);
      stack.data.hold(Operation.FLUSH);
      assertEquals(Status.OK, channel.prefetch(0, (long) stripes * STRIPE));
      stack.driver.settle();
      stack.data.release();
      stack.awaitFetched(stripes);
      // The first flush covers what was there when it began, the second one all the rest; and the
      // header bytes of all of them are in three sectors.
      assertTrue(stack.dataLog.flushes() <= 3, () -> stack.dataLog.flushes() + " data flushes");
      int rounds = stack.metadataLog.flushes();
      assertTrue(rounds <= 3, () -> rounds + " metadata flushes");
      int writes = stack.metadataLog.requests(Operation.WRITE).size();
      assertTrue(writes <= rounds, () -> writes + " metadata writes");
      long bytes =
          stack.metadataLog.requests(Operation.WRITE).stream().mapToLong(w -> w.length()).sum();
      assertTrue(bytes <= 3L * 512 * rounds, () -> bytes + " bytes of metadata");
    }
  }
}
