package io.ubiblk.nbd.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which changes wait for which others. */
@Timeout(60)
class ChangeOrderTest {

  private static final int BLOCK = ChangeLane.BLOCK;
  private static final int BLOCKS = 12;
  private static final int CHANGES = 20_000;

  /** What the holder of an edge adds to its block's count. */
  private static final int EDGE = 1000;

  private final ChangeOrder order = new ChangeOrder();
  private final ChangeLane one = new ChangeLane(order);
  private final ChangeLane other = new ChangeLane(order);

  @Test
  void changesOfWholeBlocksDoNotWaitForEachOther() {
    assertTrue(one.changes.admit(one.write(0, 2 * BLOCK)));
    assertTrue(other.changes.admit(other.write(0, 2 * BLOCK)));
  }

  @Test
  void onlyTheBlocksAtTheEdgesAreKeptFromOthers() {
    assertTrue(one.changes.admit(one.write(BLOCK + 1, 3 * BLOCK)));
    assertTrue(other.changes.admit(other.write(2 * BLOCK, 2 * BLOCK)));
    assertTrue(other.changes.admit(other.write(0, BLOCK)));
    assertTrue(other.changes.admit(other.write(5 * BLOCK, BLOCK)));
    assertFalse(other.changes.admit(other.write(BLOCK, BLOCK)));
    assertFalse(other.changes.admit(other.write(4 * BLOCK, BLOCK)));
    assertFalse(other.changes.admit(other.write(3 * BLOCK + 1, 1)));
  }

  @Test
  void changeOfAPartWaitsForThoseUnderWay() {
    Request whole = one.write(0, BLOCK);
    Request part = other.write(1, 1);
    assertTrue(one.changes.admit(whole));
    assertFalse(other.changes.admit(part));
    assertEquals(List.of(), other.letIn());
    one.finish(whole);
    assertEquals(List.of(part), other.letIn());
  }

  @Test
  void thoseThatTouchEachOtherAreLetInAsTheyCame() {
    Request first = one.write(1, 1);
    Request whole = other.write(0, BLOCK);
    Request second = one.write(2, 1);
    assertTrue(one.changes.admit(first));
    assertFalse(other.changes.admit(whole));
    assertFalse(one.changes.admit(second));
    one.finish(first);
    assertEquals(List.of(), one.letIn());
    assertEquals(List.of(whole), other.letIn());
    other.finish(whole);
    assertEquals(List.of(second), one.letIn());
  }

  @Test
  void connectionThatGivesUpHoldsNobodyUp() {
    Request first = one.write(1, 1);
    ChangeLane leaves = new ChangeLane(order);
    Request last = other.write(3, 1);
    assertTrue(one.changes.admit(first));
    assertFalse(leaves.changes.admit(leaves.write(0, BLOCK)));
    assertFalse(leaves.changes.admit(leaves.write(2, 1)));
    assertFalse(other.changes.admit(last));
    // What it is let in with at the last moment does not stay.
    one.finish(first);
    leaves.changes.stop();
    leaves.changes.end();
    assertEquals(List.of(), leaves.letIn());
    assertEquals(List.of(last), other.letIn());
  }

  @Test
  void connectionThatGivesUpLeavesNothingBehindThatItGaveUp() {
    ChangeLane leaves = new ChangeLane(order);
    Request first = one.write(1, 1);
    assertTrue(one.changes.admit(first));
    // The second waits for the first only, the third for what was there before.
    assertFalse(leaves.changes.admit(leaves.write(2, BLOCK)));
    assertFalse(leaves.changes.admit(leaves.write(BLOCK, BLOCK)));
    assertFalse(leaves.changes.admit(leaves.write(3, 1)));
    leaves.changes.stop();
    leaves.changes.end();
    assertTrue(other.changes.admit(other.write(BLOCK + 1, 1)));
    one.finish(first);
    assertTrue(other.changes.admit(other.write(0, BLOCK)));
  }

  @Test
  void changeOfAPartThatIsOverDoesNotHideAnother() {
    Request first = one.write(1, 1);
    Request second = one.write(BLOCK + 1, 1);
    assertTrue(one.changes.admit(first));
    assertTrue(one.changes.admit(second));
    one.finish(first);
    Request whole = other.write(BLOCK, BLOCK);
    assertFalse(other.changes.admit(whole));
    one.finish(second);
    assertEquals(List.of(whole), other.letIn());
  }

  @Test
  void trimsAndZeroesWaitForChangesOfParts() {
    assertTrue(one.changes.admit(one.write(1, 1)));
    assertFalse(other.changes.admit(other.change(Command.TRIM, 0, BLOCK)));
    assertFalse(other.changes.admit(other.change(Command.WRITE_ZEROES, 0, BLOCK)));
    assertTrue(other.changes.admit(other.change(Command.READ, 0, BLOCK)));
  }

  @Test
  void connectionThatIsOverIsForgotten() throws Exception {
    WeakReference<Changes> gone = useAndEnd();
    for (int i = 0; i < 100 && gone.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(gone.get());
    assertTrue(one.changes.admit(one.write(1, 1)));
  }

  private WeakReference<Changes> useAndEnd() {
    ChangeLane lane = new ChangeLane(order);
    Request request = lane.write(1, 1);
    assertTrue(lane.changes.admit(request));
    lane.finish(request);
    lane.changes.stop();
    lane.changes.end();
    return new WeakReference<>(lane.changes);
  }

  @Test
  void nothingUndoesWhatOthersChangeAndEverythingComesToItsTurn() {
    Seeds.check(
        random -> {
          AtomicIntegerArray counts = new AtomicIntegerArray(BLOCKS);
          CompletableFuture<?>[] threads = new CompletableFuture<?>[4];
          for (int i = 0; i < threads.length; i++) {
            SeededRandom own = random.split();
            // One thread changes whole blocks only.
            boolean parts = i > 0;
            threads[i] = CompletableFuture.runAsync(() -> change(own, parts, counts));
          }
          CompletableFuture.allOf(threads).orTimeout(30, TimeUnit.SECONDS).join();
        });
  }

  private void change(SeededRandom random, boolean parts, AtomicIntegerArray counts) {
    ChangeLane lane = new ChangeLane(order);
    List<Request> inside = new ArrayList<>();
    int waiting = 0;
    for (int begun = 0; begun < CHANGES || waiting + inside.size() > 0; ) {
      if (begun < CHANGES && !lane.isFull() && random.below(2) == 0) {
        begun++;
        Request request = draw(lane, random, parts);
        if (lane.changes.admit(request)) {
          begin(request, counts);
          inside.add(request);
        } else {
          waiting++;
        }
      } else if (!inside.isEmpty()) {
        Request request = inside.remove(random.below(inside.size()));
        count(request, counts, -1);
        lane.finish(request);
      } else {
        LockSupport.parkNanos(1000);
      }
      for (Request request : lane.letIn()) {
        begin(request, counts);
        inside.add(request);
        waiting--;
      }
    }
    lane.changes.end();
  }

  private static Request draw(ChangeLane lane, SeededRandom random, boolean parts) {
    // Parts are rare enough that the queue is empty now and then.
    if (parts && random.below(8) == 0) {
      int length = 1 + random.below(3 * BLOCK);
      return lane.write(random.below(BLOCKS * BLOCK - length + 1), length);
    }
    int blocks = 1 + random.below(3);
    return lane.write((long) BLOCK * random.below(BLOCKS - blocks + 1), blocks * BLOCK);
  }

  private static void begin(Request request, AtomicIntegerArray counts) {
    count(request, counts, 1);
    for (long at = request.start; at < request.end; at += BLOCK) {
      int found = counts.get((int) (at / BLOCK));
      boolean alone = isEdge(request, at) ? found == EDGE : found < EDGE;
      assertTrue(alone, () -> "block at " + request.offset + " is changed by others");
    }
  }

  private static void count(Request request, AtomicIntegerArray counts, int sign) {
    for (long at = request.start; at < request.end; at += BLOCK) {
      counts.addAndGet((int) (at / BLOCK), sign * (isEdge(request, at) ? EDGE : 1));
    }
  }

  private static boolean isEdge(Request request, long at) {
    return at < request.offset || at + BLOCK > request.last();
  }
}
