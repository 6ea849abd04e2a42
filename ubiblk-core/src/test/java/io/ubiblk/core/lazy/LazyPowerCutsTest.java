package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.lazy.PowerCutWorld.Swallow;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts lose nothing that they must not lose, and would if any flush were missing. */
class LazyPowerCutsTest {

  private static final int CUTS = 10_000;
  private static final int CUTS_OF_A_WORLD = 20;

  /** A violation shows after a few cuts; the limit only says when to give up. */
  private static final int WORLDS_TO_FIND_A_VIOLATION = 200;

  @Test
  void tenThousandPowerCutsLoseNothing() {
    int[] cuts = new int[1];
    Seeds.check(
        CUTS / CUTS_OF_A_WORLD,
        random -> {
          new PowerCutWorld(random, Swallow.NONE).run(CUTS_OF_A_WORLD);
          cuts[0] += CUTS_OF_A_WORLD;
        });
    if (Long.getLong(Seeds.PROPERTY) == null) {
      assertEquals(CUTS, cuts[0], "power cuts");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void powerCutsFindEveryFlushThatIsMissing(Swallow missing) {
    AssertionError found =
        assertThrows(
            AssertionError.class,
            () -> {
              for (int seed = 0; seed < WORLDS_TO_FIND_A_VIOLATION; seed++) {
                new PowerCutWorld(new SeededRandom(seed), missing).run(CUTS_OF_A_WORLD);
              }
            });
    // The violation itself, and not something else that came of it.
    String message = String.valueOf(found.getMessage());
    assertTrue(
        message.contains("expected what was durable or written since")
            || message.contains("something else than the image"),
        message);
  }
}
