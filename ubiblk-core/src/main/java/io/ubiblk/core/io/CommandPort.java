package io.ubiblk.core.io;

/**
 * One user's access to a driver that takes commands through the reactor's ring. Confined to the
 * reactor's thread.
 *
 * <p>A command carries a slot, a number that is not in flight. It ends in one call of the port's
 * {@link IoHandler}, never from inside a call of the port, when the driver says so: that may be
 * never. Commands of a turn reach the kernel together, by the end of the turn.
 */
public interface CommandPort {

  /**
   * Issues a command.
   *
   * @param slot slot of the command
   * @param fd descriptor of the driver's
   * @param command what the driver is asked to do
   * @param first the first eight bytes that go with the command
   * @param second the next eight
   */
  default void issue(int slot, int fd, int command, long first, long second) {
    issue(slot, fd, command, first, second, 0);
  }

  /**
   * Issues a command that has something in its address too.
   *
   * @param slot slot of the command
   * @param fd descriptor of the driver's
   * @param command what the driver is asked to do
   * @param first the first eight bytes that go with the command
   * @param second the next eight
   * @param address the address
   */
  void issue(int slot, int fd, int command, long first, long second, long address);

  /** Closes the port. No command may be in flight. */
  void close();
}
