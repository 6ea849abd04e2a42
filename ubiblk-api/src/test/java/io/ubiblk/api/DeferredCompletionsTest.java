package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class DeferredCompletionsTest {

  /** Runs a task once for each time it was scheduled since its last run began. */
  private static final class OneThread implements Reactor {
    private final ArrayDeque<Runnable> ready = new ArrayDeque<>();

    boolean step() {
      Runnable next = ready.poll();
      if (next != null) {
        next.run();
      }
      return next != null;
    }

    @Override
    public boolean inReactor() {
      return true;
    }

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public void execute(Runnable work) {
      ready.add(work);
    }

    @Override
    public ReactorTask task(Runnable work) {
      return () -> {
        if (!ready.contains(work)) {
          ready.add(work);
        }
      };
    }

    @Override
    public ReactorTimer timer(Runnable work) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Executor blocking() {
      return this::execute;
    }
  }

  private final OneThread reactor = new OneThread();
  private final List<String> seen = new ArrayList<>();

  @Test
  void completionsAreDeliveredLaterAndInOrder() {
    DeferredCompletions deferred =
        new DeferredCompletions(reactor, (tag, status) -> seen.add(tag + ":" + status), 2);
    for (int i = 0; i < 37; i++) {
      deferred.add(i, i % 3);
    }
    assertTrue(seen.isEmpty(), "nothing may be delivered from inside the call");
    assertEquals(37, deferred.size());
    assertTrue(reactor.step());
    assertEquals(37, seen.size());
    for (int i = 0; i < 37; i++) {
      assertEquals(i + ":" + i % 3, seen.get(i));
    }
    assertEquals(0, deferred.size());
  }

  @Test
  void theQueueGrowsWhereverItsHeadIs() {
    DeferredCompletions deferred =
        new DeferredCompletions(reactor, (tag, status) -> seen.add("" + tag), 4);
    long next = 0;
    for (int round = 1; round < 40; round++) {
      for (int i = 0; i < round; i++) {
        deferred.add(next++, 0);
      }
      while (reactor.step()) {}
    }
    assertEquals(next, seen.size());
    for (int i = 0; i < next; i++) {
      assertEquals("" + i, seen.get(i));
    }
  }

  @Test
  void aCompletionAddedByTheHandlerWaitsForTheNextTurn() {
    DeferredCompletions[] deferred = new DeferredCompletions[1];
    deferred[0] =
        new DeferredCompletions(
            reactor,
            (tag, status) -> {
              seen.add("" + tag);
              if (tag < 3) {
                deferred[0].add(tag + 1, 0);
              }
            },
            1);
    deferred[0].add(0, 0);
    assertTrue(reactor.step());
    assertEquals(List.of("0"), seen);
    while (reactor.step()) {}
    assertEquals(List.of("0", "1", "2", "3"), seen);
  }

  @Test
  void aHandlerThatThrowsLosesNothing() {
    DeferredCompletions deferred =
        new DeferredCompletions(
            reactor,
            (tag, status) -> {
              seen.add("" + tag);
              if (tag == 1) {
                throw new IllegalStateException("on purpose");
              }
            },
            4);
    deferred.add(0, 0);
    deferred.add(1, 0);
    deferred.add(2, 0);
    assertThrows(IllegalStateException.class, reactor::step);
    while (reactor.step()) {}
    assertEquals(List.of("0", "1", "2"), seen);
  }
}
