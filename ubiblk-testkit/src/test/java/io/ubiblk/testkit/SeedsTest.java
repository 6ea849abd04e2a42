package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SeedsTest {

  private final List<Long> seeds = new ArrayList<>();

  @AfterEach
  void forgetTheSeed() {
    System.clearProperty(Seeds.PROPERTY);
  }

  @Test
  void everyRoundHasASeedOfItsOwn() {
    Seeds.check(20, random -> seeds.add(random.seed()));
    assertEquals(20, new HashSet<>(seeds).size());
  }

  @Test
  void aFailureNamesItsSeedAndKeepsItsCause() {
    IOException cause = new IOException("on purpose");
    AssertionError e =
        Expect.failure(
            AssertionError.class,
            "on purpose",
            () ->
                Seeds.check(
                    random -> {
                      seeds.add(random.seed());
                      throw cause;
                    }));
    assertTrue(("" + e.getMessage()).contains("-Dubiblk.testkit.seed=" + seeds.getFirst()));
    assertSame(cause, e.getCause());
  }

  @Test
  void thePropertyReplaysOneSeed() {
    System.setProperty(Seeds.PROPERTY, "-42");
    Seeds.check(20, random -> seeds.add(random.seed()));
    assertEquals(List.of(-42L), seeds);
  }

  @Test
  void anAbortedTestIsNoFailure() {
    TestAbortedException aborted = new TestAbortedException("not here");
    assertSame(
        aborted,
        assertThrows(
            TestAbortedException.class,
            () ->
                Seeds.check(
                    _ -> {
                      throw aborted;
                    })));
  }

  @Test
  void theSameSeedGivesTheSameNumbers() {
    SeededRandom a = new SeededRandom(5);
    SeededRandom b = new SeededRandom(5);
    for (int i = 0; i < 100; i++) {
      assertEquals(a.nextLong(), b.nextLong());
      assertEquals(a.split().nextLong(), b.split().nextLong());
      int n = a.between(-3, 3);
      assertEquals(n, b.between(-3, 3));
      assertTrue(n >= -3 && n <= 3);
    }
  }
}
