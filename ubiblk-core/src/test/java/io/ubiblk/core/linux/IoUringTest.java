package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IoUringTest {

  @Test
  void noCompletionIsLostWhereTheyDoNotFit() throws Exception {
    try (IoUring ring = IoUring.open(8, 16);
        EventFd event = EventFd.open()) {
      boolean[] seen = new boolean[100];
      int queued = 0;
      while (queued < seen.length) {
        if (ring.submissions().isFull()) {
          ring.submit();
        }
        if (!ring.submissions().isFull()) {
          ring.submissions().signal(event.fd(), false, queued++);
        }
        if (ring.submissions().isFull() && ring.completions().available() == 16) {
          // Nothing is taken any more, or the kernel keeps the rest: both end when there is room.
          ring.submit();
          drain(ring, seen);
        }
      }
      for (int i = 0; i < 1000 && !all(seen); i++) {
        ring.submitAndWait(1_000_000);
        drain(ring, seen);
      }
      assertTrue(all(seen), "every operation completes once");
    }
  }

  private static void drain(IoUring ring, boolean[] seen) {
    CompletionQueue completions = ring.completions();
    for (int n = completions.available(); n > 0; n--) {
      int number = (int) completions.userData();
      assertEquals(8, completions.result());
      assertFalse(seen[number], "operation " + number + " completes twice");
      seen[number] = true;
      completions.advance();
    }
  }

  private static boolean all(boolean[] seen) {
    for (boolean one : seen) {
      if (!one) {
        return false;
      }
    }
    return true;
  }

  @Test
  void waitingEndsWithItsTime() throws Exception {
    try (IoUring ring = IoUring.open(8, 16)) {
      long start = System.nanoTime();
      assertEquals(0, ring.submitAndWait(20_000_000));
      assertTrue(System.nanoTime() - start >= 20_000_000);
      assertEquals(0, ring.submit(), "nothing to do is no call");
    }
  }

  @Test
  void closingTwiceHasNoFurtherEffect() throws Exception {
    IoUring ring = IoUring.open(8, 16);
    ring.close();
    ring.close();
  }
}
