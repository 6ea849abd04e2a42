package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Forbids calls to one thread, as a container's seccomp profile does to all of them. */
public final class ForbiddenRings {

  private static final long PRCTL = System.getProperty("os.arch").equals("amd64") ? 157 : 167;
  private static final int PR_SET_SECCOMP = 22;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SECCOMP_MODE_FILTER = 2;

  /** The calls that can be forbidden. */
  public enum Call {
    IO_URING_SETUP(Abi.IO_URING_SETUP),
    IO_URING_ENTER(Abi.IO_URING_ENTER),
    EPOLL_PWAIT2(Abi.EPOLL_PWAIT2);

    private final long number;

    Call(long number) {
      this.number = number;
    }
  }

  private ForbiddenRings() {}

  /**
   * Installs the filter for the calling platform thread, for the rest of its life.
   *
   * @param call the call that is forbidden from now on
   * @return whether the kernel took it
   */
  public static boolean onThisThread(Call call) {
    return onThisThread(call, Errno.EPERM);
  }

  /** Lets a call fail with an error, like {@link #onThisThread(Call)}. */
  public static boolean onThisThread(Call call, int errno) {
    try (Arena arena = Arena.ofConfined()) {
      // struct sock_filter: code, jump if true, jump if false, operand
      long[][] program = {
        {0x20, 0, 0, 0}, // load the number of the call
        {0x15, 0, 1, call.number}, // if it is this one
        {0x06, 0, 0, 0x0005_0000 | errno}, // it fails
        {0x06, 0, 0, 0x7fff_0000}, // otherwise it is allowed
      };
      MemorySegment filter = arena.allocate(8L * program.length, 8);
      for (int i = 0; i < program.length; i++) {
        filter.set(ValueLayout.JAVA_SHORT, 8L * i, (short) program[i][0]);
        filter.set(ValueLayout.JAVA_BYTE, 8L * i + 2, (byte) program[i][1]);
        filter.set(ValueLayout.JAVA_BYTE, 8L * i + 3, (byte) program[i][2]);
        filter.set(ValueLayout.JAVA_INT, 8L * i + 4, (int) program[i][3]);
      }
      MemorySegment head = arena.allocate(16, 8);
      head.set(ValueLayout.JAVA_SHORT, 0, (short) program.length);
      head.set(ValueLayout.JAVA_LONG, 8, filter.address());
      return Syscall.call(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0) == 0
          && Syscall.call(PRCTL, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head.address(), 0) == 0;
    }
  }
}
