package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.ReactorTimer;
import io.ubiblk.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TimerHeapTest {

  @Test
  void aHeapBehavesLikeASortedMap() {
    Seeds.check(
        20,
        random -> {
          TimerHeap heap = new TimerHeap();
          TreeMap<Long, Integer> model = new TreeMap<>();
          List<Integer> expired = new ArrayList<>();
          List<ReactorTimer> timers = new ArrayList<>();
          for (int i = 0; i < 50; i++) {
            int number = i;
            timers.add(heap.timer(() -> expired.add(number)));
          }
          long now = 0;
          for (int step = 0; step < 2000; step++) {
            int number = random.between(0, 49);
            switch (random.between(0, 3)) {
              case 0 -> {
                timers.get(number).cancel();
                model.values().remove(number);
              }
              case 1 -> {
                now += random.between(0, 200);
                List<Integer> due = new ArrayList<>(model.headMap(now, true).values());
                model.headMap(now, true).clear();
                expired.clear();
                assertEquals(due.size(), heap.run(now));
                assertEquals(due, expired);
              }
              default -> {
                model.values().remove(number);
                // A deadline for each timer alone, so that the order is defined.
                long deadline = ((now >> 6) + random.between(0, 1000)) * 64L + number;
                model.put(deadline, number);
                timers.get(number).set(deadline);
              }
            }
            assertEquals(model.isEmpty() ? Long.MAX_VALUE : model.firstKey(), heap.nextDeadline());
          }
        });
  }

  @Test
  void aTimerThatSetsItselfToThePastDoesNotHoldTheLoop() {
    TimerHeap heap = new TimerHeap();
    ReactorTimer[] self = new ReactorTimer[1];
    self[0] = heap.timer(() -> self[0].set(0));
    self[0].set(0);
    assertEquals(1, heap.run(10));
    assertEquals(1, heap.run(10));
  }
}
