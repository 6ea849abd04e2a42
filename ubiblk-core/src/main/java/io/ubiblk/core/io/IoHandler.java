package io.ubiblk.core.io;

/** Receives the completions of an {@link IoPort}, on the reactor's thread. */
@FunctionalInterface
public interface IoHandler {

  /**
   * An operation is over.
   *
   * @param slot the number that the operation was issued with
   * @param result what the system call returned: bytes transferred, which may be fewer than asked
   *     for, or 0; or a negative errno
   */
  void completed(int slot, int result);
}
