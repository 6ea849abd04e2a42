package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.ubiblk.testkit.Seeds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table of work that is under way. */
class StripeWorksTest {

  @Test
  void whatIsAddedIsFoundUntilItIsRemoved() {
    Seeds.check(
        20,
        random -> {
          Map<Integer, StripeWork> model = new HashMap<>();
          StripeWorks works = new StripeWorks();
          int range = 1 << random.between(4, 13);
          for (int i = 0; i < 10_000; i++) {
            int stripe = random.below(range);
            StripeWork work = model.get(stripe);
            assertSame(work, works.get(stripe));
            if (work != null || random.chance(0.3)) {
              works.remove(stripe);
              model.remove(stripe);
            } else {
              StripeWork added = new StripeWork(stripe);
              works.add(added);
              model.put(stripe, added);
            }
            assertEquals(model.size(), works.size());
          }
          assertEquals(new HashSet<>(model.values()), new HashSet<>(works.all()));
          works.clear();
          assertEquals(0, works.size());
          assertNull(works.get(0));
        });
  }
}
