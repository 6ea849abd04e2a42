package io.ubiblk.core.io;

/** The registration of a {@link Poller}. Confined to the reactor's thread. */
public interface Polling {

  /** Polls in every turn, until nothing was found for a while. */
  void activate();

  /** Stops polling, without asking the poller to rest. */
  void deactivate();
}
