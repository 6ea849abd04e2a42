package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.testkit.LoopDriver;
import io.ubiblk.testkit.Seeds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** What every loop does, in real or in virtual time. */
interface LoopContract {

  IoReactor open() throws Exception;

  @Test
  default void executedWorkRunsInOrderAndNeverInsideTheCall() throws Exception {
    try (IoReactor loop = open()) {
      List<Integer> ran = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int number = i;
        loop.execute(
            () -> {
              assertTrue(loop.inReactor());
              ran.add(number);
            });
      }
      assertTrue(ran.isEmpty());
      new LoopDriver(loop).until(() -> ran.size() == 100, () -> "work, ran " + ran);
      assertEquals(java.util.stream.IntStream.range(0, 100).boxed().toList(), ran);
    }
  }

  @Test
  default void schedulesOfATaskAreMergedUntilItRuns() throws Exception {
    try (IoReactor loop = open()) {
      int[] runs = new int[1];
      ReactorTask[] self = new ReactorTask[1];
      self[0] =
          loop.task(
              () -> {
                if (++runs[0] == 1) {
                  self[0].schedule();
                  self[0].schedule();
                }
              });
      for (int i = 0; i < 10; i++) {
        self[0].schedule();
      }
      assertEquals(0, runs[0]);
      LoopDriver driver = new LoopDriver(loop);
      driver.until(() -> runs[0] == 2, () -> "two runs, were " + runs[0]);
      driver.settle();
      assertEquals(2, runs[0]);
    }
  }

  @Test
  default void timersExpireInTheOrderOfTheirDeadlines() throws Exception {
    Seeds.check(
        random -> {
          try (IoReactor loop = open()) {
            List<Long> expired = new ArrayList<>();
            List<Long> expected = new ArrayList<>();
            long start = loop.nanoTime();
            for (int i = 0; i < 200; i++) {
              long deadline = start + random.between(1, 30_000) * 1_000L;
              ReactorTimer timer =
                  loop.timer(
                      () -> {
                        assertTrue(loop.nanoTime() >= deadline, "too early");
                        expired.add(deadline);
                      });
              timer.set(start + random.between(1, 40_000) * 1_000L);
              if (random.between(0, 4) == 0) {
                timer.cancel();
              } else {
                timer.set(deadline);
                expected.add(deadline);
              }
            }
            expected.sort(Comparator.naturalOrder());
            LoopDriver driver = new LoopDriver(loop);
            driver.until(() -> expired.size() >= expected.size(), () -> "timers");
            driver.settle();
            assertEquals(expected, expired);
          }
        });
  }

  @Test
  default void aTimerOfThePastRunsSoonButNotInsideTheCall() throws Exception {
    try (IoReactor loop = open()) {
      int[] runs = new int[1];
      ReactorTimer timer = loop.timer(() -> runs[0]++);
      timer.cancel();
      timer.set(loop.nanoTime() - 1_000);
      assertEquals(0, runs[0]);
      LoopDriver driver = new LoopDriver(loop);
      driver.until(() -> runs[0] > 0, () -> "the timer");
      driver.settle();
      assertEquals(1, runs[0]);
    }
  }

  @Test
  default void aPollerIsPolledUntilItRestsAndAgainWhenItIsActivated() throws Exception {
    try (IoReactor loop = open()) {
      Counting poller = new Counting();
      Polling polling = loop.poll(poller);
      LoopDriver driver = new LoopDriver(loop);
      driver.settle();
      assertEquals(0, poller.polls, "not active yet");
      poller.work = 3;
      polling.activate();
      driver.until(() -> poller.rests > 0, () -> "rest");
      assertEquals(0, poller.work);
      int polls = poller.polls;
      driver.settle();
      assertEquals(polls, poller.polls, "polled while it rests");
      poller.work = 1;
      polling.activate();
      driver.until(() -> poller.work == 0, () -> "work");
      polling.deactivate();
      polls = poller.polls;
      driver.settle();
      assertEquals(polls, poller.polls, "polled though it was deactivated");
    }
  }

  @Test
  default void aPollerThatFindsWorkInsteadOfRestIsPolledOn() throws Exception {
    try (IoReactor loop = open()) {
      Counting poller = new Counting();
      poller.refusals = 3;
      loop.poll(poller).activate();
      new LoopDriver(loop).until(() -> poller.rests == 4, () -> "rest at the fourth try");
      assertTrue(poller.polls >= 3, () -> poller.polls + " polls between four rests");
    }
  }

  @Test
  default void workThatThrowsHarmsNoOtherWork() throws Exception {
    try (IoReactor loop = open()) {
      List<Integer> ran = new ArrayList<>();
      loop.execute(() -> ran.add(1));
      loop.execute(
          () -> {
            throw new IllegalStateException("on purpose");
          });
      loop.execute(() -> ran.add(2));
      loop.timer(() -> ran.add(3)).set(loop.nanoTime());
      int thrown = 0;
      for (int i = 0; i < 1000 && ran.size() < 3; i++) {
        try {
          loop.turn();
          loop.await(100_000);
        } catch (IllegalStateException e) {
          thrown++;
        }
      }
      assertEquals(List.of(1, 2, 3), ran.stream().sorted().toList());
      assertEquals(1, thrown);
    }
  }

  @Test
  default void blockingWorkRunsElsewhereAndReportsBack() throws Exception {
    try (IoReactor loop = open()) {
      boolean[] inside = {true};
      boolean[] done = new boolean[1];
      loop.blocking()
          .execute(
              () -> {
                inside[0] = loop.inReactor();
                loop.execute(() -> done[0] = true);
              });
      new LoopDriver(loop).until(() -> done[0], () -> "the report");
      assertFalse(inside[0]);
    }
  }

  @Test
  default void aClosedLoopTakesNoWork() throws Exception {
    IoReactor loop = open();
    ReactorTask task = loop.task(() -> {});
    loop.close();
    loop.close();
    assertThrows(RejectedExecutionException.class, () -> loop.execute(() -> {}));
    task.schedule();
  }

  /** Finds as much work as it is given. */
  final class Counting implements Poller {
    int polls;
    int rests;
    int work;
    int refusals;

    @Override
    public int poll() {
      polls++;
      if (work > 0) {
        work--;
        return 1;
      }
      return 0;
    }

    @Override
    public boolean rest() {
      rests++;
      return rests > refusals;
    }
  }
}
