package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What can be done with any file descriptor. */
public final class Descriptor {

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int O_NONBLOCK = 0x800;
  private static final long AT_FDCWD = -100;

  private Descriptor() {}

  /**
   * Closes a descriptor. Errors are ignored: the descriptor is gone in any case.
   *
   * @param fd the descriptor
   */
  public static void close(int fd) {
    Syscall.call(Abi.CLOSE, fd, 0, 0);
  }

  /**
   * Duplicates a descriptor.
   *
   * @param fd the descriptor
   * @return a new descriptor of the same open file, closed on exec
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static int duplicate(int fd) throws BlockDeviceException.Io {
    long result = Syscall.call(Abi.FCNTL, fd, F_DUPFD_CLOEXEC, 0);
    if (result < 0) {
      throw Errno.exception("duplicate", "descriptor " + fd, result);
    }
    return (int) result;
  }

  /**
   * Makes reads and writes of a descriptor return at once. The setting belongs to the open file: it
   * affects everybody who shares it.
   *
   * @param fd the descriptor
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static void setNonBlocking(int fd) throws BlockDeviceException.Io {
    long flags = Syscall.call(Abi.FCNTL, fd, F_GETFL, 0);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
      flags = Syscall.call(Abi.FCNTL, fd, F_SETFL, flags | O_NONBLOCK);
    }
    if (flags < 0) {
      throw Errno.exception("make non-blocking", "descriptor " + fd, flags);
    }
  }

  /**
   * Returns whether reads and writes of a descriptor return at once.
   *
   * @param fd the descriptor
   * @return whether the descriptor is in non-blocking mode
   */
  public static boolean isNonBlocking(int fd) {
    long flags = Syscall.call(Abi.FCNTL, fd, F_GETFL, 0);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
  }

  /**
   * Returns what a descriptor refers to.
   *
   * @param fd the descriptor
   * @return the kernel's name for it: a path, {@code anon_inode:[eventfd]}, {@code pipe:[7]}, or
   *     {@code ?} if it cannot be had
   */
  public static String target(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom("/proc/self/fd/" + fd);
      MemorySegment target = arena.allocate(4096);
      long length = Syscall.call(Abi.READLINKAT, AT_FDCWD, path.address(), target.address(), 4095);
      return length < 0
          ? "?"
          : new String(
              target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE),
              java.nio.charset.StandardCharsets.UTF_8);
    }
  }
}
