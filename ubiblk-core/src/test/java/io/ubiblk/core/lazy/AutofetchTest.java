package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.PatternSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Filling a disk in the background. */
class AutofetchTest {

  private static final int STRIPE = LazyStack.STRIPE;
  private static final int STRIPES = 200;
  private static final long SIZE = (long) STRIPES * STRIPE;
  private static final PatternSource IMAGE = new PatternSource(3, SIZE - 1024);
  private static final LazyOptions OPTIONS = LazyOptions.DEFAULT.withAutofetch(true);

  @Test
  void everythingArrivesAndTheSourceIsClosed() throws Exception {
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE, OPTIONS)) {
      List<FetchProgress> heard = new CopyOnWriteArrayList<>();
      FetchListener listener = heard::add;
      stack.lazy.addFetchListener(listener);
      stack.awaitFetched(STRIPES);
      stack.driver.until(() -> stack.source.closes() == 1, () -> "the source to be closed");
      stack.driver.until(() -> heard.getLast().isComplete(), () -> "the last report");
      stack.lazy.removeFetchListener(listener);
      FetchProgress end = stack.lazy.progress();
      assertTrue(end.isComplete());
      assertEquals(new FetchProgress(STRIPES, STRIPES, STRIPES, STRIPE, 0, 0), end);
      for (int i = 1; i < heard.size(); i++) {
        assertTrue(heard.get(i - 1).fetched() <= heard.get(i).fetched(), heard::toString);
      }
      assertEquals(STRIPES, stack.source.reads());
      for (int stripe = 0; stripe < STRIPES; stripe++) {
        assertEquals(5, stack.durableHeader(stripe));
        stack.expectDurableImage(stripe);
      }
      assertTrue(
          stack.dataLog.requests(Operation.WRITE).stream()
              .allMatch(write -> (write.flags() & IoFlags.BYPASS_CACHE) != 0),
          "a fetch fills the cache with what nobody has asked for");
    }
  }

  @Test
  void requestsOvertakeTheBackgroundWhereverItIsStuck() throws Exception {
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE.withParallelism(4), OPTIONS)) {
      // The background's writes are held up, so that it takes all the room that it may.
      stack.data.hold(Operation.WRITE);
      ChannelDriver channel = stack.channel(4);
      stack.driver.until(() -> stack.source.reads() == 3, () -> "the background to be stuck");
      stack.driver.settle();
      assertEquals(3, stack.source.reads());
      stack.expectImage(channel, SIZE - STRIPE, 512);
      assertEquals(4, stack.source.reads());
      stack.data.release();
      stack.awaitFetched(STRIPES);
    }
  }

  @Test
  void whatCouldNotBeFetchedIsTriedAgainAfterAPause() throws Exception {
    LazyOptions options = OPTIONS.withRetries(1, 0);
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE, options)) {
      stack.source.failNext(71, 7);
      ChannelDriver channel = stack.channel(4);
      // Also what failed because a request had asked for it.
      channel.read(SIZE - STRIPE, stack.memory(512));
      stack.driver.until(
          () -> stack.lazy.progress().fetched() >= STRIPES - 7, () -> "most of the disk");
      assertTrue(stack.lazy.progress().failures() > 0);
      long start = stack.driver.loop().nanoTime();
      while (!stack.lazy.progress().isComplete()) {
        stack.driver.loop().await(1_000_000_000);
        stack.driver.loop().turn();
        long waited = stack.driver.loop().nanoTime() - start;
        assertTrue(waited < 120_000_000_000L, "the background has given up");
      }
    }
  }

  @Test
  void aDeadSourceIsAskedEverMoreRarelyUntilItLivesAgain() throws Exception {
    LazyOptions options = OPTIONS.withRetries(1, 0);
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE.withParallelism(4), options)) {
      stack.source.failNext(5, Integer.MAX_VALUE);
      passTime(stack, 60_000_000_000L);
      int inTheFirstMinute = stack.source.reads();
      assertTrue(inTheFirstMinute >= Autofetch.FAILURES_TO_REST, inTheFirstMinute + " reads");
      assertTrue(inTheFirstMinute < 20, inTheFirstMinute + " reads");
      passTime(stack, 3600_000_000_000L);
      int inTheHourAfter = stack.source.reads() - inTheFirstMinute;
      assertTrue(inTheHourAfter >= 10 && inTheHourAfter < 20, inTheHourAfter + " reads");
      stack.source.failNext(5, 0);
      passTime(stack, 400_000_000_000L);
      assertTrue(stack.lazy.progress().isComplete(), () -> stack.lazy.progress().toString());
    }
  }

  @Test
  void aRequestThatSucceedsEndsTheRest() throws Exception {
    LazyOptions options = OPTIONS.withRetries(1, 0);
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE.withParallelism(4), options)) {
      stack.source.failNext(5, Integer.MAX_VALUE);
      passTime(stack, 3600_000_000_000L);
      stack.source.failNext(5, 0);
      ChannelDriver channel = stack.channel(1);
      stack.expectImage(channel, SIZE - STRIPE, 512);
      passTime(stack, 40_000_000_000L);
      assertTrue(stack.lazy.progress().isComplete(), () -> stack.lazy.progress().toString());
    }
  }

  private static void passTime(LazyStack stack, long nanos) {
    passTime(stack.driver.loop(), nanos);
  }

  private static void passTime(EventLoop loop, long nanos) {
    for (long end = loop.nanoTime() + nanos; loop.nanoTime() < end; loop.turn()) {
      loop.await(end - loop.nanoTime());
    }
  }

  @Test
  void aLongMapIsWalkedInSteps() throws Exception {
    Simulation world = new Simulation(3);
    EventLoop home = world.newReactor();
    int stripes = 3 * Autofetch.STEP + 10;
    byte[] headers = new byte[stripes];
    headers[stripes - 1] = StripeHeader.HAS_SOURCE;
    StripeMap map = new StripeMap(StripeMetadata.of(0, headers));
    try (MemoryDevice data = new MemoryDevice(512L * stripes)) {
      Coordinator coordinator =
          new Coordinator(
              "disk",
              home,
              map,
              data,
              data,
              new SourceHolder(null),
              OPTIONS,
              new DeviceListeners(),
              new Progress(map, stripes));
      AtomicInteger goesOn = new AtomicInteger();
      Autofetch walk = new Autofetch(coordinator, home, map, true, goesOn::incrementAndGet);
      for (int step = 1; step <= 3; step++) {
        assertNull(walk.next());
        assertEquals(step - 1, goesOn.get());
        passTime(home, 1_000_000);
        assertEquals(step, goesOn.get());
      }
      StripeWork last = walk.next();
      assertEquals(stripes - 1, last == null ? -1 : last.stripe);
    }
  }

  @Test
  void nothingIsFetchedUnlessAskedFor() throws Exception {
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE, OPTIONS.withAutofetch(false))) {
      stack.driver.settle();
      assertEquals(0, stack.source.reads());
    }
  }
}
