package io.ubiblk.testkit.vhost;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The calls of the C library that the package needs. All native access of the package but
 * junixsocket's is here. Calls that fail throw an {@link IOException} that names call and errno,
 * unless their page says otherwise.
 */
final class Posix {

  static final int POLLIN = 1;
  static final int POLLOUT = 4;
  static final int EAGAIN = 11;

  private static final int EINTR = 4;
  private static final int MFD_CLOEXEC = 1;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int O_CLOEXEC = 0x80000;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int O_NONBLOCK = 0x800;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO_FIELD =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle MEMFD_CREATE =
      handle("memfd_create", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle FTRUNCATE =
      handle("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MMAP =
      handle(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      handle("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle EVENTFD =
      handle("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle PIPE2 =
      handle("pipe2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle READ =
      handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      handle("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle POLL =
      handle("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle SOCKETPAIR =
      handle("socketpair", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle FCNTL =
      handle(
          "fcntl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private Posix() {}

  /** Creates an anonymous file in memory. */
  static int memfdCreate(String name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return check(
          (int) MEMFD_CREATE.invokeExact(state, arena.allocateFrom(name), MFD_CLOEXEC),
          "memfd_create",
          state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Sets the size of a file. */
  static void ftruncate(int fd, long size) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int ignored = check((int) FTRUNCATE.invokeExact(state, fd, size), "ftruncate", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Maps a part of a file, shared, to be read and written, until the arena is closed. */
  @SuppressWarnings("restricted")
  static MemorySegment map(int fd, long offset, long size, Arena owner) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment mapped =
          (MemorySegment)
              MMAP.invokeExact(
                  state, MemorySegment.NULL, size, PROT_READ_WRITE, MAP_SHARED, fd, offset);
      if (mapped.address() == -1) {
        throw failure("mmap", state);
      }
      return mapped.reinterpret(size, owner, Posix::unmap);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Creates an eventfd with counter 0. */
  static int eventfd(boolean blocking) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return check((int) EVENTFD.invokeExact(state, 0, openFlags(blocking)), "eventfd", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Creates a pipe: the end to read from, then the end to write to. */
  static int[] pipe(boolean blocking) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment ends = arena.allocate(JAVA_INT, 2);
      int ignored =
          check((int) PIPE2.invokeExact(state, ends, openFlags(blocking)), "pipe2", state);
      return new int[] {ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1)};
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Creates two stream sockets that are connected to each other. */
  static int[] socketPair() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment ends = arena.allocate(JAVA_INT, 2);
      int ignored =
          check(
              (int) SOCKETPAIR.invokeExact(state, AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ends),
              "socketpair",
              state);
      return new int[] {ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1)};
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Makes another descriptor of what a descriptor refers to. */
  static int duplicate(int fd) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return check((int) FCNTL.invokeExact(state, fd, F_DUPFD_CLOEXEC, 0), "fcntl", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Reads once. Allocates nothing.
   *
   * @return the number of bytes, or a negative errno
   */
  static long read(int fd, MemorySegment dst, MemorySegment state) {
    try {
      long n = (long) READ.invokeExact(state, fd, dst, dst.byteSize());
      return n >= 0 ? n : -errno(state);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Writes once. Allocates nothing.
   *
   * @return the number of bytes, or a negative errno
   */
  static long write(int fd, MemorySegment src, MemorySegment state) {
    try {
      long n = (long) WRITE.invokeExact(state, fd, src, src.byteSize());
      return n >= 0 ? n : -errno(state);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Waits until a descriptor is ready. Interrupted calls are continued.
   *
   * @param millis how long to wait, 0 for not at all
   * @return whether it became ready (an error or a hang-up counts) in time
   */
  static boolean poll(int fd, int events, long millis) throws IOException {
    long deadline = System.nanoTime() + millis * 1_000_000;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment pollFd = arena.allocate(8, 4);
      pollFd.set(JAVA_INT, 0, fd);
      pollFd.set(JAVA_SHORT, 4, (short) events);
      while (true) {
        long left = Math.max(0, (deadline - System.nanoTime() + 999_999) / 1_000_000);
        int timeout = (int) Math.min(left, Integer.MAX_VALUE);
        int ready = (int) POLL.invokeExact(state, pollFd, 1L, timeout);
        if (ready < 0 && errno(state) == EINTR) {
          continue;
        }
        return check(ready, "poll", state) > 0;
      }
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Closes a descriptor. Errors are ignored: the descriptor is gone in any case. */
  static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int ignored = (int) CLOSE.invokeExact(arena.allocate(STATE), fd);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Allocates what {@link #read} and {@link #write} need to report errors. */
  static MemorySegment newState(Arena arena) {
    return arena.allocate(STATE);
  }

  private static void unmap(MemorySegment mapped) {
    try (Arena arena = Arena.ofConfined()) {
      int ignored = (int) MUNMAP.invokeExact(arena.allocate(STATE), mapped, mapped.byteSize());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static int openFlags(boolean blocking) {
    return O_CLOEXEC | (blocking ? 0 : O_NONBLOCK);
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO_FIELD.get(state, 0L);
  }

  private static int check(int result, String call, MemorySegment state) throws IOException {
    if (result < 0) {
      throw failure(call, state);
    }
    return result;
  }

  private static IOException failure(String call, MemorySegment state) {
    return new IOException(call + ": errno " + errno(state));
  }

  private static IOException rethrow(Throwable e) throws IOException {
    switch (e) {
      case IOException io -> throw io;
      case RuntimeException unchecked -> throw unchecked;
      default -> throw new AssertionError(e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(
      String name, FunctionDescriptor descriptor, Linker.Option... more) {
    Linker.Option[] options = Arrays.copyOf(more, more.length + 1);
    options[more.length] = ERRNO;
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
  }
}
