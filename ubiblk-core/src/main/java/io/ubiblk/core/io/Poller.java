package io.ubiblk.core.io;

/** Looks for work in memory that somebody else writes to, such as a guest's rings. */
public interface Poller {

  /**
   * Looks for work and does it.
   *
   * @return how much there was
   */
  int poll();

  /**
   * Arranges to be woken by other means, because polling stops. Whoever is woken activates the
   * polling again.
   *
   * @return whether there is still nothing to do; if not, polling goes on
   */
  boolean rest();
}
