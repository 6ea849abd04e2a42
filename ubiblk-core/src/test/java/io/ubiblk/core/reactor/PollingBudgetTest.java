package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PollingBudgetTest {

  private static final long LIMIT = 100_000;

  @Test
  void lookingEndsWhereItNeverPays() {
    PollingBudget budget = new PollingBudget(LIMIT);
    assertEquals(LIMIT, budget.window());
    for (int i = 0; i < 10; i++) {
      budget.workCameAfter(LIMIT + 1);
    }
    assertEquals(0, budget.window());
  }

  @Test
  void lookingBeginsAgainWhereItWouldHavePaid() {
    PollingBudget budget = new PollingBudget(LIMIT);
    for (int i = 0; i < 10; i++) {
      budget.workCameAfter(LIMIT + 1);
    }
    long before = budget.window();
    for (int i = 0; i < 10; i++) {
      budget.workCameAfter(LIMIT);
      assertTrue(budget.window() > before || budget.window() == LIMIT);
      before = budget.window();
    }
    assertEquals(LIMIT, budget.window());
  }

  @Test
  void workWithinTheWindowChangesNothing() {
    PollingBudget budget = new PollingBudget(LIMIT);
    budget.workCameAfter(10);
    assertEquals(LIMIT, budget.window());
  }

  @Test
  void aLimitOfZeroNeverLooks() {
    PollingBudget budget = new PollingBudget(0);
    budget.workCameAfter(0);
    budget.workCameAfter(100);
    assertEquals(0, budget.window());
  }
}
