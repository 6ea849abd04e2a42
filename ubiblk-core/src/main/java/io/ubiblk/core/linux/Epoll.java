package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A set of file descriptors to wait for, edge-triggered. Confined to one thread, except that
 * descriptors may be added and removed from any.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</a>
 */
public final class Epoll implements AutoCloseable {

  // sys/epoll.h
  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int EPOLLIN = 1;
  private static final int EPOLLOUT = 4;
  private static final int EPOLLET = 1 << 31;
  private static final int EVENTS = 0;

  private static final int MAX_EVENTS = 64;
  private static final ValueLayout.OfLong DATA = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt MASK = ValueLayout.JAVA_INT_UNALIGNED;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment capture = Syscall.newCapture(arena);
  private final MemorySegment events = arena.allocate((long) MAX_EVENTS * Abi.EPOLL_EVENT_SIZE, 8);
  private final Timespec timeout = Timespec.allocate(arena);
  private final int fd;

  /** Whether the kernel has, and allows, a wait whose time is in nanoseconds (Linux 5.11). */
  private final boolean takesNanos;

  private Epoll(int fd) {
    this.fd = fd;
    // A container that does not know the call may answer it with any error.
    long probe = waitNanos(0);
    this.takesNanos = probe >= 0 || probe == -Errno.EINTR;
  }

  /**
   * Opens an empty set.
   *
   * @return the set
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static Epoll open() throws BlockDeviceException.Io {
    long fd = Syscall.call(Abi.EPOLL_CREATE1, EPOLL_CLOEXEC, 0, 0);
    if (fd < 0) {
      throw Errno.exception("open", "epoll set", fd);
    }
    return new Epoll((int) fd);
  }

  /**
   * Adds a descriptor, to be reported each time that it becomes readable.
   *
   * @param target the descriptor
   * @param data reported with each event
   * @return 0 or a negative errno
   */
  public int add(int target, long data) {
    return add(target, data, EPOLLIN);
  }

  /**
   * Adds a descriptor, to be reported each time that it becomes readable or takes bytes again.
   *
   * @param target the descriptor
   * @param data reported with each event
   * @return 0 or a negative errno
   */
  public int addBothWays(int target, long data) {
    return add(target, data, EPOLLIN | EPOLLOUT);
  }

  private int add(int target, long data, int wanted) {
    try (Arena local = Arena.ofConfined()) {
      MemorySegment event = local.allocate(Abi.EPOLL_EVENT_SIZE, 8);
      event.set(MASK, EVENTS, wanted | EPOLLET);
      event.set(DATA, Abi.EPOLL_EVENT_DATA, data);
      return (int) Syscall.call(Abi.EPOLL_CTL, fd, EPOLL_CTL_ADD, target, event.address());
    }
  }

  /**
   * Removes a descriptor. One that is not there is ignored.
   *
   * @param target the descriptor
   */
  public void remove(int target) {
    Syscall.call(Abi.EPOLL_CTL, fd, EPOLL_CTL_DEL, target, 0);
  }

  /**
   * Waits for events.
   *
   * @param nanos longest time to wait in nanoseconds; 0 does not wait
   * @return number of events, to be read with {@link #data}; 0 also after an interruption
   * @throws IllegalStateException if the kernel refuses
   */
  public int await(long nanos) {
    long result = takesNanos ? waitNanos(nanos) : waitMillis(nanos);
    if (result < 0 && result != -Errno.EINTR) {
      throw new IllegalStateException("epoll_wait: " + Errno.name((int) -result));
    }
    return (int) Math.max(result, 0);
  }

  private long waitNanos(long nanos) {
    timeout.set(nanos);
    return Syscall.call(
        capture,
        Abi.EPOLL_PWAIT2,
        fd,
        events.address(),
        MAX_EVENTS,
        timeout.segment().address(),
        0,
        0);
  }

  private long waitMillis(long nanos) {
    // Rounded up, lest it spins.
    long millis = Math.min((nanos + 999_999) / 1_000_000, Integer.MAX_VALUE);
    return Syscall.call(capture, Abi.EPOLL_PWAIT, fd, events.address(), MAX_EVENTS, millis, 0, 0);
  }

  /**
   * Returns which descriptor an event is about.
   *
   * @param index 0 to the result of {@link #await} - 1
   * @return what the descriptor was added with
   */
  public long data(int index) {
    return events.get(DATA, (long) index * Abi.EPOLL_EVENT_SIZE + Abi.EPOLL_EVENT_DATA);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      Descriptor.close(fd);
      arena.close();
    }
  }
}
