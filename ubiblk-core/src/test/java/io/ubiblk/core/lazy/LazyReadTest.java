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

/** What reading does to a disk, and what it waits for. */
class LazyReadTest {

  private static final int STRIPE = LazyStack.STRIPE;
  private static final long SIZE = 64L * STRIPE;

  /** The last quarter of the disk has no source. */
  private static final PatternSource IMAGE = new PatternSource(3, 48L * STRIPE);

  private static final int HOLE = 60;

  private static LazyStack open(LazyOptions options) throws Exception {
    return LazyStack.onThreads(SIZE, IMAGE, options);
  }

  @Test
  void readIsAnsweredByTheBytesAndWaitsForNoFlush() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      stack.data.hold(Operation.FLUSH);
      ChannelDriver channel = stack.channel(4);
      stack.expectImage(channel, 512, 1024);
      stack.data.hold(Operation.WRITE);
      stack.expectImage(channel, STRIPE, 1024);
      assertEquals(0, stack.lazy.progress().fetched());
      // While the data is on its way to be durable, the disk itself answers.
      stack.expectImage(channel, 1024, 1024);
      stack.data.release();
      stack.awaitFetched(2);
      assertEquals(1, stack.source.reads(0));
      assertEquals(StripeHeader.HAS_SOURCE | StripeHeader.FETCHED, stack.durableHeader(0));
      stack.expectDurableImage(0);
    }
  }

  @Test
  void nothingThatIsReadyWaitsBehindSomethingThatIsNot() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(8);
      stack.expectImage(channel, 0, STRIPE);
      stack.awaitFetched(1);
      stack.source.hold();
      IoRequest held = channel.issue(IoRequest.read(STRIPE, stack.memory(512)));
      IoRequest other = channel.issue(IoRequest.read(2L * STRIPE, stack.memory(512)));
      channel.submit();
      stack.expectImage(channel, 0, STRIPE);
      assertEquals(Status.OK, channel.read((long) HOLE * STRIPE, stack.memory(STRIPE)));
      assertEquals(Status.OK, channel.write((long) HOLE * STRIPE, stack.pattern(0, STRIPE, 1)));
      assertEquals(Status.OK, channel.flush());
      assertFalse(held.isDone() || other.isDone());
      stack.source.release();
      assertEquals(Status.OK, channel.await(held));
      assertEquals(Status.OK, channel.await(other));
    }
  }

  @Test
  void faultsOfTheSameStripeAreOneFetch() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      stack.source.hold();
      List<ChannelDriver> channels = List.of(stack.channel(32), stack.channel(32));
      for (ChannelDriver channel : channels) {
        for (int i = 0; i < 8; i++) {
          channel.issue(IoRequest.read(512L * i, stack.memory(512)));
          channel.issue(IoRequest.write(512L * i, stack.pattern(512L * i, 512, 1)));
          channel.issue(IoRequest.prefetch(0, STRIPE));
        }
        channel.submit();
      }
      stack.source.awaitReads(1);
      stack.driver.settle();
      stack.source.release();
      channels.forEach(ChannelDriver::awaitAll);
      assertEquals(1, stack.source.reads());
    }
  }

  @Test
  void stripesAreFetchedInParallelWithinTheWishOfTheSourceAndTheMemory() throws Exception {
    assertEquals(16, mostFetchesAtOnce(16, 1 << 20));
    assertEquals(3, mostFetchesAtOnce(3, 1 << 20));
    assertEquals(2, mostFetchesAtOnce(16, 2 * STRIPE + 100));
    assertEquals(1, mostFetchesAtOnce(16, 0));
  }

  private static int mostFetchesAtOnce(int parallelism, long memory) throws Exception {
    try (LazyStack stack =
        LazyStack.onThreads(
            SIZE,
            IMAGE.withParallelism(parallelism),
            LazyOptions.DEFAULT.withFetchMemory(memory))) {
      ChannelDriver channel = stack.channel(1);
      stack.source.hold();
      IoRequest all = channel.issue(IoRequest.prefetch(0, SIZE));
      channel.submit();
      int expected = (int) Math.max(1, Math.min(parallelism, memory / STRIPE));
      stack.source.awaitReads(expected);
      stack.driver.settle();
      stack.source.release();
      assertEquals(Status.OK, channel.await(all));
      stack.awaitFetched(48);
      assertEquals(48, stack.source.reads());
      return stack.source.mostRunning();
    }
  }

  @Test
  void withoutCopyingOnReadNothingIsWritten() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT.withCopyOnRead(false))) {
      ChannelDriver channel = stack.channel(4);
      stack.expectImage(channel, 0, SIZE);
      assertEquals(List.of(), stack.dataLog.requests(Operation.WRITE));
      assertEquals(List.of(), stack.metadataLog.requests());
      // A change brings the stripe to the disk; the rest of a read still comes from the image.
      assertEquals(Status.OK, channel.write(STRIPE + 512L, stack.pattern(0, 512, 1)));
      stack.awaitFetched(1);
      assertEquals(Status.OK, channel.read(0, stack.memory(3L * STRIPE)));
      stack.expectImage(channel, STRIPE + 1024L, SIZE - STRIPE - 1024);
      assertEquals(1, stack.lazy.progress().fetched());
    }
  }

  @Test
  void readsGoOnWhileTheImageIsDroppedBecauseEverythingHasArrived() throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withCopyOnRead(false).withAutofetch(true);
    for (int round = 0; round < 20; round++) {
      try (LazyStack stack = open(options)) {
        ChannelDriver channel = stack.channel(8);
        while (!stack.lazy.progress().isComplete()) {
          List<IoRequest> reads = new ArrayList<>();
          for (int i = 0; i < 8; i++) {
            reads.add(channel.issue(IoRequest.read(6L * i * STRIPE, stack.memory(512))));
          }
          channel.submit();
          channel.awaitAll();
          reads.forEach(read -> assertEquals(Status.OK, read.status()));
        }
        stack.expectImage(channel, 0, SIZE);
      }
    }
  }

  @Test
  void prefetchBringsStripesAndAsksNothingOfThoseThatAreThere() throws Exception {
    try (LazyStack stack = open(LazyOptions.DEFAULT)) {
      ChannelDriver channel = stack.channel(2);
      assertEquals(Status.OK, channel.prefetch(STRIPE + 512L, 2L * STRIPE));
      stack.awaitFetched(3);
      assertEquals(3, stack.source.reads());
      assertEquals(Status.OK, channel.prefetch(STRIPE, 3L * STRIPE));
      assertEquals(Status.OK, channel.prefetch((long) HOLE * STRIPE, STRIPE));
      assertEquals(3, stack.source.reads());
      assertTrue(stack.dataLog.requests(Operation.READ).isEmpty());
    }
  }
}
