package io.ubiblk.testkit;

import org.opentest4j.TestAbortedException;

/**
 * Runs random tests so that a failure can be replayed: its message carries the seed, and the system
 * property {@value #PROPERTY} runs the test again with that seed and no other.
 *
 * <pre>{@code
 * @Test
 * void survivesAnything() {
 *   Seeds.check(100, random -> {
 *     int length = random.between(1, 4096);
 *     ...
 *   });
 * }
 * }</pre>
 */
public final class Seeds {

  /** System property that holds the one seed to run, in decimal. */
  public static final String PROPERTY = "ubiblk.testkit.seed";

  private Seeds() {}

  /** A random test. */
  @FunctionalInterface
  public interface Body {

    /**
     * Runs the test once.
     *
     * @param random the only source of chance that the test uses
     * @throws Exception if the test fails
     */
    void run(SeededRandom random) throws Exception;
  }

  /**
   * Runs a test with one seed: that of the system property, or a fresh one.
   *
   * @param body the test
   * @throws AssertionError if the test throws anything; the message begins with the seed
   */
  public static void check(Body body) {
    check(1, body);
  }

  /**
   * Runs a test with several fresh seeds, or once with that of the system property.
   *
   * @param rounds how many seeds to run
   * @param body the test
   * @throws AssertionError if the test throws anything; the message begins with the seed
   */
  public static void check(int rounds, Body body) {
    Long replayed = Long.getLong(PROPERTY);
    if (replayed != null) {
      once(replayed, body);
      return;
    }
    SeededRandom fresh = new SeededRandom(System.nanoTime());
    for (int i = 0; i < rounds; i++) {
      once(fresh.nextLong(), body);
    }
  }

  /**
   * Runs a test with one given seed, whatever the system property says.
   *
   * @param seed the seed
   * @param body the test
   * @throws AssertionError if the test throws anything; the message begins with the seed
   */
  public static void once(long seed, Body body) {
    try {
      body.run(new SeededRandom(seed));
    } catch (TestAbortedException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "seed " + seed + " (replay with -D" + PROPERTY + "=" + seed + "): " + e.getMessage(), e);
    }
  }
}
