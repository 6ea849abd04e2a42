package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Asks whether a descriptor takes a write at once, again and again without allocating anything.
 * Confined to one thread at a time.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
 */
public final class RoomToWrite {

  // poll.h: struct pollfd, and its events
  private static final int POLLFD_SIZE = 8;
  private static final int EVENTS = 4;
  private static final int REVENTS = 6;
  private static final short POLLOUT = 4;

  private final MemorySegment poll;
  private final Timespec now;

  /** Prepares to ask. */
  public RoomToWrite() {
    Arena arena = Arena.ofAuto();
    poll = arena.allocate(POLLFD_SIZE, 4);
    poll.set(ValueLayout.JAVA_SHORT, EVENTS, POLLOUT);
    now = Timespec.allocate(arena);
  }

  /**
   * Asks the kernel.
   *
   * @param fd an eventfd, pipe or socket
   * @return whether there is room, or an error to be reported
   */
  public boolean isThere(int fd) {
    poll.set(ValueLayout.JAVA_INT, 0, fd);
    poll.set(ValueLayout.JAVA_SHORT, REVENTS, (short) 0);
    // The kernel may leave what is left of the time in it.
    now.set(0);
    Syscall.call(Abi.PPOLL, poll.address(), 1, now.segment().address(), 0);
    // Errors are reported without being asked for, and a write that fails does not wait.
    return poll.get(ValueLayout.JAVA_SHORT, REVENTS) != 0;
  }
}
