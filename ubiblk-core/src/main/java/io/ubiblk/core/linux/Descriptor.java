package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What can be done with any file descriptor. */
public final class Descriptor {

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int O_NONBLOCK = 0x800;
  private static final long AT_FDCWD = -100;
  private static final int RWF_NOWAIT = 8;

  // sys/socket.h
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;

  // poll.h: struct pollfd, and its events
  private static final int POLLFD_SIZE = 8;
  private static final int POLLFD_EVENTS = 4;
  private static final int POLLFD_REVENTS = 6;
  private static final int POLLERR = 8;
  private static final int POLLHUP = 0x10;
  private static final int POLLNVAL = 0x20;
  private static final int POLLRDHUP = 0x2000;

  // struct statfs: the type comes first
  private static final int STATFS_SIZE = 120;

  /** The type of a file system in memory, that of a memfd too (linux/magic.h). */
  public static final long TMPFS = 0x0102_1994L;

  /** The type of a file system of huge pages (linux/magic.h). */
  public static final long HUGETLBFS = 0x9584_58f6L;

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
   * Reads and drops what there is to read, without waiting and only a bounded amount.
   *
   * @param fd a pipe or socket
   */
  public static void drain(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4096);
      MemorySegment vector = arena.allocate(16, 8);
      vector.set(ValueLayout.JAVA_LONG, 0, buffer.address());
      vector.set(ValueLayout.JAVA_LONG, 8, buffer.byteSize());
      for (int i = 0; i < 16; i++) {
        long count = Syscall.call(Abi.PREADV2, fd, vector.address(), 1, -1L, -1L, RWF_NOWAIT);
        if (count < buffer.byteSize()) {
          return;
        }
      }
    }
  }

  /**
   * Returns whether a write would be taken at once, as far as can be told beforehand.
   *
   * @param fd an eventfd, pipe or socket
   * @return whether there is room, or an error to be reported
   */
  public static boolean isWritable(int fd) {
    return new RoomToWrite().isThere(fd);
  }

  /**
   * Returns whether the other end of a socket is closed, also if there is something left to read.
   *
   * @param fd the socket
   * @return whether nothing will come any more but what is there
   */
  public static boolean hasHungUp(int fd) {
    return (poll(fd, POLLRDHUP) & (POLLRDHUP | POLLERR | POLLHUP | POLLNVAL)) != 0;
  }

  private static int poll(int fd, int events) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(POLLFD_SIZE, 4);
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, POLLFD_EVENTS, (short) events);
      Timespec now = Timespec.allocate(arena);
      Syscall.call(Abi.PPOLL, poll.address(), 1, now.segment().address(), 0);
      return poll.get(ValueLayout.JAVA_SHORT, POLLFD_REVENTS);
    }
  }

  /**
   * Sends bytes through a socket, without waiting and without a signal if nobody is there.
   *
   * @param fd the socket
   * @param bytes what to send
   * @return number of bytes that were taken, or a negative errno
   */
  public static int send(int fd, byte... bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      return (int) Syscall.call(Abi.SENDTO, fd, message.address(), bytes.length, flags);
    }
  }

  /**
   * Returns the type of the file system that a file lies in.
   *
   * @param fd the descriptor
   * @return the type, {@link #TMPFS} for one
   * @throws BlockDeviceException.Io if the kernel refuses
   * @see <a href="https://man7.org/linux/man-pages/man2/statfs.2.html">fstatfs(2)</a>
   */
  public static long fileSystem(int fd) throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statfs = arena.allocate(STATFS_SIZE, 8);
      long result = Syscall.call(Abi.FSTATFS, fd, statfs.address(), 0);
      if (result < 0) {
        throw Errno.exception("find file system of", "descriptor " + fd, result);
      }
      return statfs.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /**
   * The size of a file.
   *
   * @param bytes length in bytes
   * @param blockSize unit in bytes that the file is stored in; for huge pages, the size of a page
   */
  public record FileSize(long bytes, int blockSize) {}

  /**
   * Returns the size of the file behind a descriptor.
   *
   * @param fd the descriptor
   * @return the size
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static FileSize size(int fd) throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      Statx statx = Statx.allocate(arena);
      MemorySegment empty = arena.allocateFrom("");
      long result =
          Syscall.call(
              Abi.STATX,
              fd,
              empty.address(),
              Statx.AT_EMPTY_PATH,
              Statx.MASK,
              statx.segment().address(),
              0);
      if (result < 0) {
        throw Errno.exception("stat", "descriptor " + fd, result);
      }
      return new FileSize(statx.size(), statx.blockSize());
    }
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
              target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }
}
