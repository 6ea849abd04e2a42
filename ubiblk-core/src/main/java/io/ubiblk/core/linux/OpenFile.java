package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An open regular file or block special file, and the blocking calls on it. Every call may be made
 * from any thread. Calls that return a number return a negative errno on failure.
 */
public final class OpenFile implements AutoCloseable {

  /** Open for reading and writing. */
  public static final int READ_WRITE = 2;

  /** Open for reading only. */
  public static final int READ_ONLY = 0;

  /** Create the file if it is missing. */
  public static final int CREATE = 0x40;

  /** With {@link #CREATE}: fail if it is there. Alone: claim a block special file. */
  public static final int EXCLUSIVE = 0x80;

  /** Transfer between memory and storage without the page cache. */
  public static final int DIRECT = Abi.O_DIRECT;

  /** Refuse a symbolic link. */
  public static final int NO_FOLLOW = Abi.O_NOFOLLOW;

  /** Make a write durable before it completes; a flag of {@link #writeVector}. */
  public static final int RWF_DSYNC = 2;

  /**
   * Drop what was written from the page cache as soon as it is on the storage, unless it was there
   * before; a flag of {@link #writeVector}. Since Linux 6.14; a file system that does not know it
   * answers {@link Errno#EOPNOTSUPP}.
   */
  public static final int RWF_DONTCACHE = 0x80;

  /** Free the range, which reads as zeros afterwards; a mode of {@link #allocate}. */
  public static final int PUNCH_HOLE = 2 | 1;

  /** Zero the range and keep it allocated; a mode of {@link #allocate}. */
  public static final int ZERO_RANGE = 16 | 1;

  private static final int O_CLOEXEC = 0x80000;
  private static final long AT_FDCWD = -100;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final long BLKGETSIZE64 = 0x80081272L;
  private static final long BLKSSZGET = 0x1268;
  private static final long BLKPBSZGET = 0x127b;

  private final Path path;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private OpenFile(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /**
   * Opens a file. Descriptors are closed on exec; new files get mode 0600.
   *
   * @param path the file
   * @param flags {@link #READ_ONLY} or {@link #READ_WRITE}, and any of the other open flags
   * @return the open file
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static OpenFile open(Path path, int flags) throws BlockDeviceException.Io {
    long fd = descriptor(path.toString(), flags);
    if (fd < 0) {
      throw Errno.exception("open", path, fd);
    }
    return new OpenFile(path, (int) fd);
  }

  /**
   * Opens the same file again: another open file of the kernel's, which has no part in the lock of
   * this one, and which is told of failed writebacks on its own.
   *
   * @param flags {@link #READ_ONLY} or {@link #READ_WRITE}, and any of the other open flags
   * @return the file, opened once more
   * @throws BlockDeviceException.Io if the kernel refuses, or the file cannot be found any more
   */
  public OpenFile reopen(int flags) throws BlockDeviceException.Io {
    // The path may have become another file's.
    long again = descriptor("/proc/self/fd/" + fd, flags);
    OpenFile file = again < 0 ? open(path, flags) : new OpenFile(path, (int) again);
    try (Arena arena = Arena.ofConfined()) {
      if (!file.statx(arena).isSameFile(statx(arena))) {
        throw Errno.exception("open again", path, -Errno.ENOENT);
      }
      return file;
    } catch (BlockDeviceException.Io e) {
      file.close();
      throw e;
    }
  }

  private static long descriptor(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path);
      return Syscall.call(Abi.OPENAT, AT_FDCWD, name.address(), flags | O_CLOEXEC, 0600);
    }
  }

  /** {@return the file descriptor} */
  public int fd() {
    return fd;
  }

  /** {@return the path that the file was opened by} */
  public Path path() {
    return path;
  }

  /**
   * What kind of file this is and how large.
   *
   * @param regular whether this is a regular file
   * @param block whether this is a block special file
   * @param size size in bytes
   * @param blockSize unit in bytes that the file system, or the device, writes best
   * @param logicalBlockSize smallest unit in bytes of a block special file; 1 for a regular file
   * @param allocated bytes of storage that a regular file occupies
   * @param directMemory alignment of memory for direct I/O in bytes; 0 if unknown or not possible
   * @param directOffset alignment of offset and length for direct I/O in bytes; 0 if unknown or not
   *     possible
   */
  public record Properties(
      boolean regular,
      boolean block,
      long size,
      int blockSize,
      int logicalBlockSize,
      long allocated,
      int directMemory,
      int directOffset) {}

  /**
   * Asks the kernel about the file.
   *
   * @return what the kernel says
   * @throws BlockDeviceException.Io if it does not
   */
  public Properties properties() throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      Statx statx = statx(arena);
      boolean block = statx.isBlockDevice();
      boolean aligned = statx.knowsDirectAlignment();
      return new Properties(
          statx.isRegularFile(),
          block,
          block ? deviceNumber(arena, BLKGETSIZE64) : statx.size(),
          block ? (int) deviceNumber(arena, BLKPBSZGET) : statx.blockSize(),
          block ? (int) deviceNumber(arena, BLKSSZGET) : 1,
          statx.allocated(),
          aligned ? statx.directMemoryAlignment() : 0,
          aligned ? statx.directOffsetAlignment() : 0);
    }
  }

  /**
   * Locks the whole file against other open files, also of this process. The lock ends when the
   * file is closed.
   *
   * @param exclusive whether to tolerate no other lock, or shared ones
   * @throws BlockDeviceException.Busy if somebody else holds a lock
   * @throws BlockDeviceException.Io if the file cannot be locked
   */
  public void lock(boolean exclusive) throws BlockDeviceException {
    try (Arena arena = Arena.ofConfined()) {
      Flock lock = Flock.ofWholeFile(arena, exclusive);
      long result = Syscall.call(Abi.FCNTL, fd, Flock.F_OFD_SETLK, lock.segment().address());
      if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
        throw new BlockDeviceException.Busy(
            path
                + " is in use: another process or another disk of this process holds a lock on it");
      }
      if (result < 0) {
        throw Errno.exception("lock", path, result);
      }
    }
  }

  /**
   * Sets the length of a regular file.
   *
   * @param size new size in bytes
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public void truncate(long size) throws BlockDeviceException.Io {
    check("set size of", Syscall.call(Abi.FTRUNCATE, fd, size, 0));
  }

  /**
   * Sets who may do what with the file.
   *
   * @param mode permission bits
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public void setMode(int mode) throws BlockDeviceException.Io {
    check("set mode of", Syscall.call(Abi.FCHMOD, fd, mode, 0));
  }

  /**
   * Makes everything durable that was written to the file, its size included.
   *
   * @throws BlockDeviceException.Io if the kernel or the storage fails
   */
  public void sync() throws BlockDeviceException.Io {
    check("sync", Syscall.call(Abi.FSYNC, fd, 0, 0));
  }

  /**
   * Makes the data durable.
   *
   * @return 0 or a negative errno
   */
  public int syncData() {
    return (int) Syscall.call(Abi.FDATASYNC, fd, 0, 0);
  }

  /**
   * Reads at a position into one piece of memory. An interruption of the thread is not noticed.
   *
   * @param offset position in bytes
   * @param dst native memory to fill
   * @return number of bytes read, which may be fewer than asked for; 0 at the end of the file; or a
   *     negative errno
   */
  public long read(long offset, MemorySegment dst) {
    return read(offset, dst, 0, dst.byteSize());
  }

  /**
   * Reads at a position into a part of native memory.
   *
   * @param offset position in bytes
   * @param dst native memory
   * @param from first byte of the memory to fill
   * @param length number of bytes
   * @return as for {@link #read(long, MemorySegment)}
   */
  public long read(long offset, MemorySegment dst, long from, long length) {
    return Syscall.call(Abi.PREAD64, fd, address(dst, from, length), length, offset);
  }

  /**
   * Writes a part of native memory at a position.
   *
   * @param offset position in bytes
   * @param src native memory
   * @param from first byte of the memory to write
   * @param length number of bytes
   * @return number of bytes written, which may be fewer than asked for; or a negative errno
   */
  public long write(long offset, MemorySegment src, long from, long length) {
    return Syscall.call(Abi.PWRITE64, fd, address(src, from, length), length, offset);
  }

  private static long address(MemorySegment memory, long from, long length) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException(
          "memory on the heap: " + memory + ", expected native memory");
    }
    return memory.address() + Objects.checkFromIndexSize(from, length, memory.byteSize());
  }

  /**
   * Reads at a position.
   *
   * @param offset position in bytes
   * @param iovecs memory to fill
   * @return number of bytes read, fewer than asked for at the end of the file; or a negative errno
   */
  public long readVector(long offset, Iovecs iovecs) {
    return Syscall.call(Abi.PREADV2, fd, iovecs.segment().address(), iovecs.count(), offset, 0, 0);
  }

  /**
   * Writes at a position.
   *
   * @param offset position in bytes
   * @param iovecs memory to write
   * @param flags 0 or a combination of {@link #RWF_DSYNC} and {@link #RWF_DONTCACHE}
   * @return number of bytes written; or a negative errno
   */
  public long writeVector(long offset, Iovecs iovecs, int flags) {
    return Syscall.call(
        Abi.PWRITEV2, fd, iovecs.segment().address(), iovecs.count(), offset, 0, flags);
  }

  /**
   * Frees or zeroes a range.
   *
   * @param mode {@link #PUNCH_HOLE} or {@link #ZERO_RANGE}
   * @param offset first byte
   * @param length length in bytes
   * @return 0 or a negative errno
   */
  public int allocate(int mode, long offset, long length) {
    return (int) Syscall.call(Abi.FALLOCATE, fd, mode, offset, length);
  }

  /**
   * Returns where the next data begins.
   *
   * @param offset where to begin looking
   * @return position in bytes, or a negative errno: {@link Errno#ENXIO} if there is none
   */
  public long seekData(long offset) {
    return Syscall.call(Abi.LSEEK, fd, offset, SEEK_DATA);
  }

  /**
   * Returns where the next hole begins; the end of the file counts as one.
   *
   * @param offset where to begin looking
   * @return position in bytes, or a negative errno
   */
  public long seekHole(long offset) {
    return Syscall.call(Abi.LSEEK, fd, offset, SEEK_HOLE);
  }

  /**
   * Makes the entries of a directory durable: files that were created in it.
   *
   * @param directory the directory, or null for the working directory
   * @throws BlockDeviceException.Io if the kernel or the storage fails
   */
  public static void syncDirectory(@Nullable Path directory) throws BlockDeviceException.Io {
    try (OpenFile open = open(directory == null ? Path.of(".") : directory, READ_ONLY)) {
      open.sync();
    }
  }

  @Override
  public void close() {
    // Never twice: the number may be another file's by then.
    if (closed.compareAndSet(false, true)) {
      Descriptor.close(fd);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private Statx statx(Arena arena) throws BlockDeviceException.Io {
    Statx statx = Statx.allocate(arena);
    MemorySegment empty = arena.allocateFrom("");
    long buffer = statx.segment().address();
    check(
        "stat",
        Syscall.call(Abi.STATX, fd, empty.address(), Statx.AT_EMPTY_PATH, Statx.MASK, buffer, 0));
    return statx;
  }

  private long deviceNumber(Arena arena, long request) throws BlockDeviceException.Io {
    MemorySegment number = arena.allocate(8, 8);
    check("read size of", Syscall.call(Abi.IOCTL, fd, request, number.address()));
    return number.get(ValueLayout.JAVA_LONG, 0);
  }

  private void check(String operation, long result) throws BlockDeviceException.Io {
    if (result < 0) {
      throw Errno.exception(operation, path, result);
    }
  }
}
