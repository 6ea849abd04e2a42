package io.ubiblk.core.io;

/** A descriptor that a reactor watches. Confined to the reactor's thread. */
public interface Watch {

  /** Stops watching. No further call is made. Closing twice has no effect. */
  void close();
}
