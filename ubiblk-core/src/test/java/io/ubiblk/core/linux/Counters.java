package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a hostile or slow holder of an eventfd can do with it. */
public final class Counters {

  private static final int F_SETFL = 4;

  private Counters() {}

  /** Takes the descriptor out of non-blocking mode. */
  public static void makeBlocking(EventFd event) {
    check(Syscall.call(Abi.FCNTL, event.fd(), F_SETFL, 0));
  }

  /** Leaves no room in a counter of zero. */
  public static void fill(EventFd event) {
    write(event, -2);
  }

  /** Takes everything out of a counter that is not zero; returns what was in it. */
  public static long drain(EventFd event) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      check(Syscall.call(Abi.READ, event.fd(), value.address(), 8));
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static void write(EventFd event, long number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_LONG, number);
      check(Syscall.call(Abi.WRITE, event.fd(), value.address(), 8));
    }
  }

  private static void check(long result) {
    if (result < 0) {
      throw new AssertionError(Errno.name((int) -result));
    }
  }
}
