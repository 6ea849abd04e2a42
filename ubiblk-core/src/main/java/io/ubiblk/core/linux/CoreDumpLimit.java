package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Keeps the memory of this process out of core files.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html">
 *     PR_SET_DUMPABLE(2const)</a>
 * @see <a href="https://man7.org/linux/man-pages/man2/prlimit.2.html">prlimit(2)</a>
 */
public final class CoreDumpLimit {

  // sys/prctl.h
  private static final int PR_GET_DUMPABLE = 3;
  private static final int PR_SET_DUMPABLE = 4;
  // sys/resource.h
  private static final int RLIMIT_CORE = 4;
  private static final int SIZEOF_RLIMIT64 = 16;

  private CoreDumpLimit() {}

  /**
   * Makes the process not dumpable: no core file, no attaching by other processes of the same user.
   *
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static void makeNotDumpable() throws BlockDeviceException.Io {
    check("make not dumpable", Syscall.call(Abi.PRCTL, PR_SET_DUMPABLE, 0, 0, 0));
  }

  /**
   * {@return whether the process may be dumped}
   *
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static boolean isDumpable() throws BlockDeviceException.Io {
    long result = Syscall.call(Abi.PRCTL, PR_GET_DUMPABLE, 0, 0, 0);
    check("read dumpable attribute of", result);
    return result != 0;
  }

  /**
   * Sets the largest core file to nothing, for this process and those that it starts, for good.
   *
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static void setLimitToZero() throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeros = arena.allocate(SIZEOF_RLIMIT64, 8);
      check("limit core files of", Syscall.call(Abi.PRLIMIT64, 0, RLIMIT_CORE, zeros.address(), 0));
    }
  }

  /**
   * {@return the size in bytes to which a process of this one may raise its core files}
   *
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static long hardLimit() throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limits = arena.allocate(SIZEOF_RLIMIT64, 8);
      check("read core limit of", Syscall.call(Abi.PRLIMIT64, 0, RLIMIT_CORE, 0, limits.address()));
      return limits.get(ValueLayout.JAVA_LONG, 8);
    }
  }

  private static void check(String operation, long result) throws BlockDeviceException.Io {
    if (result < 0) {
      throw Errno.exception(operation, "this process", result);
    }
  }
}
