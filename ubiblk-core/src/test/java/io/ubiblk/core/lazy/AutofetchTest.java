package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.PatternSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
      stack.source.failNext(71, 20);
      ChannelDriver channel = stack.channel(4);
      // Also what failed because a request had asked for it.
      channel.read(SIZE - STRIPE, stack.memory(512));
      stack.driver.until(
          () -> stack.lazy.progress().fetched() >= STRIPES - 20, () -> "most of the disk");
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
  void nothingIsFetchedUnlessAskedFor() throws Exception {
    try (LazyStack stack = LazyStack.simulated(SIZE, IMAGE, OPTIONS.withAutofetch(false))) {
      stack.driver.settle();
      assertEquals(0, stack.source.reads());
    }
  }
}
