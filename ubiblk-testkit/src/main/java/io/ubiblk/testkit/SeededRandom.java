package io.ubiblk.testkit;

import java.util.SplittableRandom;

/**
 * Random numbers that a test can replay: the same seed gives the same numbers on every machine. Not
 * thread-safe; {@link #split} one for each thread.
 *
 * @see Seeds
 */
public final class SeededRandom {

  private final long seed;
  private final SplittableRandom random;

  /**
   * Creates a sequence.
   *
   * @param seed decides every number
   */
  public SeededRandom(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  /** {@return the seed that this sequence was created with} */
  public long seed() {
    return seed;
  }

  /** {@return any long} */
  public long nextLong() {
    return random.nextLong();
  }

  /**
   * Returns a number below a bound.
   *
   * @param bound at least 1
   * @return 0 to {@code bound} - 1
   */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /**
   * Returns a number below a bound.
   *
   * @param bound at least 1
   * @return 0 to {@code bound} - 1
   */
  public long below(long bound) {
    return random.nextLong(bound);
  }

  /**
   * Returns a number of a range.
   *
   * @param least the smallest
   * @param most the largest
   * @return {@code least} to {@code most}
   */
  public int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  /**
   * Returns true now and then.
   *
   * @param probability 0 for never to 1 for always
   * @return true with that probability
   */
  public boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** {@return a new sequence that depends on this one's seed and on what was drawn so far} */
  public SeededRandom split() {
    return new SeededRandom(random.nextLong());
  }

  @Override
  public String toString() {
    return "seed " + seed;
  }
}
