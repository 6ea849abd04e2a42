package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.testkit.LoopDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What loops in real time do besides: other threads and descriptors. */
interface DescriptorContract extends LoopContract {

  @Test
  default void workOfManyThreadsRunsOnceEachInTheOrderOfItsThread() throws Exception {
    try (IoReactor loop = open()) {
      int threads = 4;
      int each = 2_000;
      int[] next = new int[threads];
      List<String> wrong = new ArrayList<>();
      List<Thread> started = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        started.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 0; i < each; i++) {
                        int number = i;
                        loop.execute(
                            () -> {
                              if (next[thread]++ != number) {
                                wrong.add(thread + ":" + number);
                              }
                            });
                      }
                    }));
      }
      LoopDriver driver = new LoopDriver(loop);
      driver.until(
          () -> java.util.Arrays.stream(next).sum() == threads * each, () -> "all the work");
      for (Thread thread : started) {
        thread.join();
      }
      assertEquals(List.of(), wrong);
    }
  }

  @Test
  default void aLoopThatSleepsIsWokenByEverySchedule() throws Exception {
    try (IoReactor loop = open()) {
      AtomicInteger runs = new AtomicInteger();
      ReactorTask task = loop.task(runs::incrementAndGet);
      int rounds = 300;
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < rounds; i++) {
                      task.schedule();
                      while (runs.get() <= i) {
                        Thread.onSpinWait();
                      }
                    }
                  });
      long start = System.nanoTime();
      while (runs.get() < rounds) {
        loop.await(20_000_000_000L);
        loop.turn();
        // A wake-up that is lost would cost twenty seconds.
        assertTrue(System.nanoTime() - start < 15_000_000_000L, "run " + runs.get());
      }
      other.join();
    }
  }

  @Test
  default void aWatchSeesEveryWrite() throws Exception {
    try (IoReactor loop = open();
        EventFd one = EventFd.open();
        EventFd two = EventFd.open()) {
      int[] seen = new int[2];
      Watch first = loop.watch(one.fd(), () -> seen[0]++);
      Watch second = loop.watch(two.fd(), () -> seen[1]++);
      LoopDriver driver = new LoopDriver(loop);
      for (int i = 1; i <= 50; i++) {
        int expected = i;
        one.signal();
        driver.until(() -> seen[0] >= expected, () -> "event " + expected);
      }
      assertEquals(0, seen[1]);
      first.close();
      first.close();
      int last = seen[0];
      one.signal();
      two.signal();
      driver.until(() -> seen[1] == 1, () -> "the other watch");
      assertEquals(last, seen[0], "called after it was closed");
      second.close();
      driver.settle();
    }
  }

  @Test
  default void aWatchThatThrowsTakesNoEventFromAnother() throws Exception {
    try (IoReactor loop = open()) {
      List<EventFd> events = new ArrayList<>();
      int[] seen = new int[1];
      for (int i = 0; i < 10; i++) {
        EventFd event = EventFd.open();
        events.add(event);
        boolean bad = i % 2 == 0;
        loop.watch(
            event.fd(),
            () -> {
              if (bad) {
                throw new IllegalStateException("on purpose");
              }
              seen[0]++;
            });
      }
      loop.turn();
      events.forEach(EventFd::signal);
      int thrown = 0;
      for (int i = 0; i < 1000 && (seen[0] < 5 || thrown < 5); i++) {
        try {
          loop.await(1_000_000);
          loop.turn();
        } catch (IllegalStateException e) {
          thrown++;
        }
      }
      assertEquals(5, seen[0]);
      assertEquals(5, thrown);
      events.forEach(EventFd::close);
    }
  }

  @Test
  default void aSignalIsRaisedByTheEndOfTheTurn() throws Exception {
    try (IoReactor loop = open();
        IoReactor other = open();
        EventFd event = EventFd.open()) {
      int[] seen = new int[1];
      Watch watch = other.watch(event.fd(), () -> seen[0]++);
      Signal signal = loop.signal(event.fd());
      LoopDriver driver = new LoopDriver(other);
      for (int i = 1; i <= 20; i++) {
        int before = seen[0];
        signal.raise();
        signal.raise();
        loop.turn();
        driver.until(() -> seen[0] > before, () -> "signal");
      }
      signal.close();
      signal.close();
      new LoopDriver(loop).settle();
      driver.settle();
      int last = seen[0];
      signal.raise();
      new LoopDriver(loop).settle();
      driver.settle();
      assertEquals(last, seen[0], "raised after it was closed");
      watch.close();
    }
  }

  @Test
  default void awaitEndsWithItsTimeAndWithTheNextTimer() throws Exception {
    try (IoReactor loop = open()) {
      loop.turn();
      long start = System.nanoTime();
      loop.await(10_000_000);
      assertTrue(System.nanoTime() - start >= 9_000_000);
      boolean[] expired = new boolean[1];
      loop.turn();
      loop.timer(() -> expired[0] = true).set(loop.nanoTime() + 10_000_000);
      assertFalse(expired[0]);
      start = System.nanoTime();
      while (!expired[0]) {
        loop.await(20_000_000_000L);
        loop.turn();
      }
      assertTrue(System.nanoTime() - start < 15_000_000_000L);
    }
  }

  @Test
  default void onlyItsThreadIsInTheReactor() throws Exception {
    try (IoReactor loop = open()) {
      boolean[] inside = {true};
      Thread.ofPlatform().start(() -> inside[0] = loop.inReactor()).join();
      assertFalse(inside[0]);
      assertTrue(loop.inReactor());
    }
  }
}
