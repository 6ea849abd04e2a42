package io.ubiblk.vhost.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class WarningsTest {

  private long now;
  private final Warnings warnings = new Warnings("test", () -> now);

  @Test
  void aFewOfAKindAreLoggedAndTheRestAreCounted() {
    for (int i = 0; i < Warnings.MOST; i++) {
      assertEquals(0, warnings.admit("refused"));
    }
    for (int i = 0; i < 100_000; i++) {
      assertEquals(-1, warnings.admit("refused"));
    }
    assertEquals(0, warnings.admit("another kind"));
    now += Warnings.WHILE_NANOS - 1;
    assertEquals(-1, warnings.admit("refused"));
    now += 1;
    assertEquals(100_001, warnings.admit("refused"));
    assertEquals(0, warnings.admit("refused"));
  }

  @Test
  void kindsWithoutEndAreForgotten() {
    for (int i = 0; i < 100_000; i++) {
      assertEquals(0, warnings.admit("kind " + i));
    }
  }
}
