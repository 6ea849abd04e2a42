package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a source that is gone writes into the log. */
class FetchWarningsTest {

  private final EventLoop loop = Loops.simulated(1);
  private final List<String> lines = new ArrayList<>();
  private final FetchWarnings warnings = new FetchWarnings("disk", loop, lines::add);

  private void pass(long nanos) {
    for (long end = loop.nanoTime() + nanos; loop.nanoTime() < end; loop.turn()) {
      loop.await(end - loop.nanoTime());
    }
  }

  @Test
  void theFirstFailureIsSaidAtOnceAndTheOthersTogether() {
    warnings.failed(3, Status.EIO);
    assertEquals(List.of("disk: stripe 3 could not be fetched: EIO"), lines);
    for (int stripe = 0; stripe < 1000; stripe++) {
      warnings.failed(stripe, Status.ETIMEDOUT);
    }
    assertEquals(1, lines.size());
    pass(FetchWarnings.INTERVAL_NANOS + 1_000_000);
    assertEquals(
        "disk: 1000 more fetches failed, the last one of stripe 999: ETIMEDOUT", lines.getLast());
    assertEquals(2, lines.size());
  }

  @Test
  void aDayOfFailuresIsALineForEachInterval() {
    long seconds = 24 * 3600;
    for (int i = 0; i < seconds; i++) {
      warnings.failed(i, Status.EIO);
      pass(1_000_000_000);
    }
    long most = seconds * 1_000_000_000 / FetchWarnings.INTERVAL_NANOS + 2;
    assertTrue(lines.size() <= most, lines.size() + " lines");
    assertTrue(lines.size() > most / 2, lines.size() + " lines");
  }

  @Test
  void whatComesAfterAQuietTimeIsSaidAtOnce() {
    warnings.failed(1, Status.EIO);
    pass(3 * FetchWarnings.INTERVAL_NANOS);
    warnings.failed(2, Status.EIO);
    assertEquals(2, lines.size());
  }

  @Test
  void nothingIsKeptBackAtTheEnd() {
    warnings.failed(1, Status.EIO);
    warnings.failed(2, Status.EIO);
    warnings.stop();
    assertEquals(2, lines.size());
    pass(3 * FetchWarnings.INTERVAL_NANOS);
    assertEquals(2, lines.size());
  }
}
