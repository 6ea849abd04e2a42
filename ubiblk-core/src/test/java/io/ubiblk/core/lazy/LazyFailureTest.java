package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import io.ubiblk.testkit.PatternSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What goes wrong is tried again, then told, and survived; no stripe is marked that is not there.
 */
class LazyFailureTest {

  private static final int STRIPE = LazyStack.STRIPE;
  private static final long SIZE = 32L * STRIPE;
  private static final PatternSource IMAGE = new PatternSource(3, 24L * STRIPE);
  private static final long MILLISECOND = 1_000_000;

  private static LazyStack simulated(LazyOptions options) throws Exception {
    return LazyStack.simulated(SIZE, IMAGE, options);
  }

  @Test
  void failingSourceIsTriedAgainWithGrowingDelays() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT.withRetries(4, 100 * MILLISECOND))) {
      ChannelDriver channel = stack.channel(4);
      stack.source.failNext(71, 3);
      long start = stack.driver.loop().nanoTime();
      stack.expectImage(channel, 0, STRIPE);
      assertEquals(4, stack.source.reads());
      long waited = (stack.driver.loop().nanoTime() - start) / MILLISECOND;
      assertTrue(waited >= 100 + 200 + 400 && waited < 900, () -> waited + " ms");
      assertEquals(0, stack.lazy.progress().failures());
    }
  }

  @Test
  void sourceThatKeepsFailingFailsWhoWaitsAndIsAskedAgainLater() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT.withRetries(3, 100 * MILLISECOND))) {
      ChannelDriver channel = stack.channel(4);
      stack.source.failNext(71, 3);
      List<IoRequest> waiting = new ArrayList<>();
      waiting.add(channel.issue(IoRequest.read(0, stack.memory(512))));
      waiting.add(channel.issue(IoRequest.write(512, stack.pattern(512, 512, 1))));
      waiting.add(channel.issue(IoRequest.prefetch(0, STRIPE)));
      channel.submit();
      channel.awaitAll();
      waiting.forEach(request -> assertEquals(71, request.status(), request::toString));
      assertEquals(1, stack.lazy.progress().failures());
      assertEquals(List.of(), stack.metadataLog.requests());
      // Others are not concerned, and the stripe is there as soon as the source is.
      stack.expectImage(channel, STRIPE, STRIPE);
      stack.expectImage(channel, 0, STRIPE);
    }
  }

  @Test
  void whoWaitsIsAnsweredThoughAListenerThrowsWhenAFetchIsGivenUp() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT.withRetries(3, 100 * MILLISECOND))) {
      ChannelDriver channel = stack.channel(4);
      stack.lazy.addFetchListener(
          _ -> {
            throw new IllegalStateException("a listener's error, on purpose");
          });
      stack.source.failNext(71, 3);
      List<IoRequest> waiting = new ArrayList<>();
      waiting.add(channel.issue(IoRequest.read(0, stack.memory(512))));
      waiting.add(channel.issue(IoRequest.read(1024, stack.memory(512))));
      waiting.add(channel.issue(IoRequest.write(512, stack.pattern(512, 512, 1))));
      channel.submit();
      channel.awaitAll();
      waiting.forEach(request -> assertEquals(71, request.status(), request::toString));
    }
  }

  @Test
  void fullDataDeviceFailsChangesButNotReads() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT.withRetries(2, MILLISECOND))) {
      ChannelDriver channel = stack.channel(4);
      stack.data.failWhen(r -> r.operation() == Operation.WRITE, Status.ENOSPC);
      stack.expectImage(channel, 0, STRIPE);
      assertEquals(
          Status.ENOSPC, channel.write(STRIPE + 512L, stack.pattern(STRIPE + 512L, 512, 1)));
      assertEquals(Status.ENOSPC, channel.write(2L * STRIPE, stack.pattern(0, STRIPE, 1)));
      stack.expectImage(channel, 0, SIZE);
      stack.driver.settle();
      assertEquals(0, stack.lazy.progress().fetched());
      for (int stripe = 0; stripe < 24; stripe++) {
        assertEquals(StripeHeader.HAS_SOURCE, stack.durableHeader(stripe));
      }
      stack.data.clear();
      assertEquals(Status.OK, channel.write(STRIPE + 512L, stack.pattern(STRIPE + 512L, 512, 1)));
      stack.expectImage(channel, 0, STRIPE + 512);
      stack.expectImage(channel, STRIPE + 1024L, SIZE - STRIPE - 1024);
    }
  }

  /** What fails on its way to the metadata. */
  @ParameterizedTest
  @EnumSource(names = {"WRITE", "FLUSH"})
  void failingMetadataFailsChangesButNotReads(Operation failing) throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withRetries(3, MILLISECOND).withTrackWritten(true);
    try (LazyStack stack = simulated(options)) {
      ChannelDriver channel = stack.channel(8);
      stack.metadata.failWhen(r -> r.operation() == failing, Status.EIO);
      stack.expectImage(channel, 0, STRIPE);
      long part = STRIPE + 512L;
      assertEquals(Status.EIO, channel.write(part, stack.pattern(part, 512, 1)));
      assertEquals(Status.EIO, channel.write(2L * STRIPE, stack.pattern(0, STRIPE, 1)));
      assertEquals(Status.EIO, channel.writeZeroes(30L * STRIPE, 512, 0));
      stack.expectImage(channel, 0, 2L * STRIPE);
      stack.expectImage(channel, 3L * STRIPE, SIZE - 3L * STRIPE);
      assertEquals(0, stack.lazy.progress().fetched());
      stack.metadata.clear();
      assertEquals(Status.OK, channel.write(part, stack.pattern(part, 512, 1)));
      assertEquals(Status.OK, channel.write(2L * STRIPE, stack.pattern(0, STRIPE, 1)));
      assertEquals(Status.OK, channel.writeZeroes(30L * STRIPE, 512, 0));
      assertEquals(7, stack.durableHeader(1));
      assertEquals(7, stack.durableHeader(2));
      assertEquals(StripeHeader.WRITTEN, stack.durableHeader(30));
    }
  }

  @Test
  void metadataThatFailsForAMomentFailsNobody() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT.withRetries(4, MILLISECOND))) {
      ChannelDriver channel = stack.channel(8);
      stack.metadata.failNext(Operation.WRITE, Status.EIO, 1);
      stack.metadata.failNext(Operation.FLUSH, Status.EIO, 2);
      assertEquals(Status.OK, channel.write(512, stack.pattern(512, 512, 1)));
      assertEquals(5, stack.durableHeader(0));
    }
  }

  @Test
  void stripesThatAFailedFlushMayHaveLostAreFetchedAgain() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.dataDisk.failNextFlush(Status.EIO, true);
      assertEquals(Status.OK, channel.prefetch(0, 4L * STRIPE));
      stack.awaitFetched(4);
      for (int stripe = 0; stripe < 4; stripe++) {
        assertEquals(5, stack.durableHeader(stripe));
        stack.expectDurableImage(stripe);
      }
    }
  }

  @Test
  void flushOfTheUserTellsOfAFailedFlushInTheBackgroundOnce() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      assertEquals(Status.OK, channel.write(30L * STRIPE, stack.pattern(0, 512, 1)));
      stack.dataDisk.failNextFlush(Status.EIO, true);
      assertEquals(Status.OK, channel.prefetch(0, STRIPE));
      stack.awaitFetched(1);
      // Otherwise nobody would know that the write before it is lost.
      assertEquals(Status.EIO, channel.flush());
      assertEquals(Status.OK, channel.flush());
    }
  }

  @Test
  void failedFlushOfTheUserMarksNoStripeThatItMayHaveLost() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.data.hold(Operation.FLUSH);
      assertEquals(Status.OK, channel.prefetch(0, 4L * STRIPE));
      IoRequest flush = channel.issue(IoRequest.flush());
      channel.submit();
      stack.driver.settle();
      stack.dataDisk.failNextFlush(Status.EIO, true);
      stack.data.release();
      channel.await(flush);
      stack.awaitFetched(4);
      for (int stripe = 0; stripe < 4; stripe++) {
        stack.expectDurableImage(stripe);
      }
    }
  }

  @Test
  void everyChannelTellsOfAFailedFlushInTheBackground() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver one = stack.channel(8);
      ChannelDriver other = stack.channel(8);
      stack.dataDisk.failNextFlush(Status.EIO, true);
      assertEquals(Status.OK, one.prefetch(0, STRIPE));
      stack.awaitFetched(1);
      assertEquals(Status.EIO, one.flush());
      assertEquals(Status.EIO, other.flush());
      assertEquals(Status.OK, one.flush());
      assertEquals(Status.OK, other.flush());
      assertEquals(Status.OK, stack.channel(8).flush());
    }
  }

  @Test
  void replacementIsInDoubtWhenAFlushFailsBeforeItsEndIsKnown() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.data.hold(Operation.WRITE);
      IoRequest write = channel.issue(IoRequest.write(0, stack.pattern(0, STRIPE, 1)));
      channel.submit();
      stack.driver.settle();
      stack.dataDisk.failNextFlush(Status.EIO, true);
      assertEquals(Status.EIO, channel.flush());
      stack.data.release();
      assertEquals(Status.EIO, channel.await(write));
      stack.driver.settle();
      assertEquals(StripeHeader.HAS_SOURCE, stack.durableHeader(0));
      stack.expectImage(channel, 0, STRIPE);
    }
  }

  @Test
  void fetchIsDoneAgainWhenAFlushFailsBeforeItsEndIsKnown() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.data.hold(Operation.WRITE);
      assertEquals(Status.OK, channel.prefetch(0, STRIPE));
      stack.driver.settle();
      stack.dataDisk.failNextFlush(Status.EIO, true);
      assertEquals(Status.EIO, channel.flush());
      stack.data.release();
      stack.awaitFetched(1);
      assertEquals(2, stack.source.reads(0));
      stack.expectDurableImage(0);
    }
  }

  @Test
  void overlappingWritesOfAStripeThatIsTriedAgainDoNotWaitForEachOther() throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withRetries(4, 10_000 * MILLISECOND);
    try (LazyStack stack = simulated(options)) {
      ChannelDriver channel = stack.channel(8);
      long half = STRIPE / 2;
      stack.source.failNext(71, 1);
      IoRequest first =
          channel.issue(
              IoRequest.write(4L * STRIPE + half, stack.pattern(4L * STRIPE, 3 * half, 1)));
      channel.submit();
      stack.driver.until(() -> stack.source.reads(4) == 1, () -> "the first attempt");
      IoRequest second =
          channel.issue(IoRequest.write(4L * STRIPE, stack.pattern(4L * STRIPE, 3 * half, 2)));
      channel.submit();
      assertEquals(Status.OK, channel.await(first));
      assertEquals(Status.OK, channel.await(second));
    }
  }

  @Test
  void replacementOfAStripeThatFailsLeavesItToTheSource() throws Exception {
    try (LazyStack stack = simulated(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.data.failNext(Operation.WRITE, 71, 1);
      IoRequest write = channel.issue(IoRequest.write(0, stack.pattern(0, 2L * STRIPE, 1)));
      IoRequest read = channel.issue(IoRequest.read(0, stack.memory(STRIPE)));
      channel.submit();
      assertEquals(71, channel.await(write));
      assertEquals(Status.OK, channel.await(read));
      stack.expectImage(channel, 0, 4L * STRIPE);
    }
  }

  /** An error in the thread of the stripes, as one of a listener is, ends the work on them. */
  @ParameterizedTest
  @EnumSource(names = {"READ", "WRITE"})
  void errorOfItsOwnFailsEverybodyOnceAndBeginsNothing(Operation held) throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withFetchMemory(4L * STRIPE);
    try (LazyStack stack = LazyStack.onThreads(SIZE, IMAGE, options)) {
      ChannelDriver channel = stack.channel(16);
      IoRequest replacing = IoRequest.write(5L * STRIPE, stack.pattern(0, STRIPE, 1));
      if (held == Operation.READ) {
        stack.source.hold();
      } else {
        stack.data.hold(Operation.WRITE);
      }
      List<IoRequest> waiting = new ArrayList<>();
      for (int stripe = 8; stripe < 14; stripe++) {
        long at = (long) stripe * STRIPE + 512;
        waiting.add(channel.issue(IoRequest.write(at, stack.pattern(at, 512, 1))));
        if (held == Operation.READ) {
          waiting.add(channel.issue(IoRequest.read(at, stack.memory(512))));
        }
      }
      channel.submit();
      stack.source.awaitReads(4);
      stack.driver.settle();
      stack.lazy.addFetchListener(
          _ -> {
            throw new IllegalStateException("a listener's error, on purpose");
          });
      if (held == Operation.WRITE) {
        stack.metadata.hold(Operation.FLUSH);
      }
      channel.issue(replacing);
      channel.submit();
      if (held == Operation.WRITE) {
        stack.data.release();
        stack.metadata.release();
      }
      waiting.forEach(channel::await);
      long failed = waiting.stream().filter(r -> r.status() == Status.EIO).count();
      assertTrue(failed > 0, waiting::toString);
      channel.await(replacing);
      int reads = stack.source.reads();
      stack.source.release();
      assertEquals(Status.EIO, channel.read(20L * STRIPE, stack.memory(512)));
      stack.driver.settle();
      channel.close();
      assertEquals(reads, stack.source.reads());
      stack.driver.run(stack.lazy::close);
    }
  }

  @Test
  void closingAbandonsFetchesThatAreUnderWay() throws Exception {
    try (LazyStack stack = LazyStack.onThreads(SIZE, IMAGE, LazyOptions.DEFAULT)) {
      stack.source.hold();
      ChannelDriver channel = stack.channel(8);
      IoRequest read = channel.issue(IoRequest.read(0, stack.memory(STRIPE)));
      IoRequest write = channel.issue(IoRequest.write(512, stack.pattern(512, 512, 1)));
      IoRequest prefetch = channel.issue(IoRequest.prefetch(0, SIZE));
      channel.submit();
      stack.source.awaitReads(8);
      stack.driver.settle();
      assertFalse(read.isDone() || write.isDone() || prefetch.isDone());
      channel.close();
      assertEquals(Status.ECANCELED, read.status());
      assertEquals(Status.ECANCELED, write.status());
      assertEquals(Status.ECANCELED, prefetch.status());
      stack.driver.run(stack.lazy::close);
      assertEquals(0, stack.source.running());
      assertTrue(stack.source.closes() > 0);
    }
  }
}
