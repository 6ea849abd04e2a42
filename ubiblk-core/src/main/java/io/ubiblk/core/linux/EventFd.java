package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An event counter of the kernel's, by which one thread wakes another.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public final class EventFd implements AutoCloseable {

  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  /** The number 1 as eight bytes, for whoever writes to an eventfd. */
  public static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EventFd(int fd) {
    this.fd = fd;
  }

  /**
   * Opens a counter of zero, non-blocking.
   *
   * @return the counter
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static EventFd open() throws BlockDeviceException.Io {
    long fd = Syscall.call(Abi.EVENTFD2, 0, EFD_NONBLOCK | EFD_CLOEXEC, 0);
    if (fd < 0) {
      throw Errno.exception("open", "eventfd", fd);
    }
    return new EventFd((int) fd);
  }

  /** {@return the file descriptor} */
  public int fd() {
    return fd;
  }

  /** Adds one, which wakes whoever waits. A counter that is full stays as it is. Any thread. */
  public void signal() {
    signal(fd);
  }

  /**
   * Adds one to somebody else's counter.
   *
   * @param fd an eventfd in non-blocking mode
   */
  public static void signal(int fd) {
    Syscall.call(Abi.WRITE, fd, ONE.address(), 8);
  }

  /**
   * Returns whether a descriptor is an eventfd.
   *
   * @param fd the descriptor
   * @return whether it is one
   */
  public static boolean isEventFd(int fd) {
    return Descriptor.target(fd).startsWith("anon_inode:[eventfd");
  }

  @Override
  public void close() {
    // Never twice: the number may be another file's by then.
    if (closed.compareAndSet(false, true)) {
      Descriptor.close(fd);
    }
  }
}
