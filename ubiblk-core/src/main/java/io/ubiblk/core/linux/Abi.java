package io.ubiblk.core.linux;

/**
 * The numbers that differ between architectures.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/arch/x86/entry/syscalls/syscall_64.tbl">
 *     x86-64 system calls</a>
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/scripts/syscall.tbl">
 *     generic system calls, as on arm64</a>
 */
final class Abi {

  private static final boolean X86 = architecture();

  // Calls of the generic table, which x86-64 numbers differently.
  static final long EVENTFD2 = X86 ? 290 : 19;
  static final long EPOLL_CREATE1 = X86 ? 291 : 20;
  static final long EPOLL_CTL = X86 ? 233 : 21;
  static final long EPOLL_PWAIT = X86 ? 281 : 22;
  static final long FCNTL = X86 ? 72 : 25;
  static final long IOCTL = X86 ? 16 : 29;
  static final long FTRUNCATE = X86 ? 77 : 46;
  static final long FCHMOD = X86 ? 91 : 52;
  static final long FSTATFS = X86 ? 138 : 44;
  static final long FALLOCATE = X86 ? 285 : 47;
  static final long OPENAT = X86 ? 257 : 56;
  static final long CLOSE = X86 ? 3 : 57;
  static final long LSEEK = X86 ? 8 : 62;
  static final long READ = X86 ? 0 : 63;
  static final long WRITE = X86 ? 1 : 64;
  static final long PWRITE64 = X86 ? 18 : 68;
  static final long READLINKAT = X86 ? 267 : 78;
  static final long FSYNC = X86 ? 74 : 82;
  static final long FDATASYNC = X86 ? 75 : 83;
  static final long PPOLL = X86 ? 271 : 73;
  static final long SOCKET = X86 ? 41 : 198;
  static final long BIND = X86 ? 49 : 200;
  static final long LISTEN = X86 ? 50 : 201;
  static final long GETSOCKNAME = X86 ? 51 : 204;
  static final long SENDTO = X86 ? 44 : 206;
  static final long SETSOCKOPT = X86 ? 54 : 208;
  static final long GETSOCKOPT = X86 ? 55 : 209;
  static final long SHUTDOWN = X86 ? 48 : 210;
  static final long SENDMSG = X86 ? 46 : 211;
  static final long RECVMSG = X86 ? 47 : 212;
  static final long PRCTL = X86 ? 157 : 167;
  static final long PRLIMIT64 = X86 ? 302 : 261;
  static final long ACCEPT4 = X86 ? 288 : 242;
  static final long SCHED_SETAFFINITY = X86 ? 203 : 122;
  static final long SCHED_GETAFFINITY = X86 ? 204 : 123;
  static final long MUNMAP = X86 ? 11 : 215;
  static final long MMAP = X86 ? 9 : 222;
  static final long MEMFD_CREATE = X86 ? 319 : 279;
  static final long PREAD64 = X86 ? 17 : 67;
  static final long PREADV2 = X86 ? 327 : 286;
  static final long PWRITEV2 = X86 ? 328 : 287;
  static final long STATX = X86 ? 332 : 291;
  // Newer calls have one number everywhere.
  static final long IO_URING_SETUP = 425;
  static final long IO_URING_ENTER = 426;
  static final long IO_URING_REGISTER = 427;
  static final long EPOLL_PWAIT2 = 441;

  // asm/fcntl.h
  static final int O_DIRECT = X86 ? 0x4000 : 0x10000;
  static final int O_NOFOLLOW = X86 ? 0x20000 : 0x8000;

  // struct epoll_event is packed on x86-64 only (sys/epoll.h).
  static final int EPOLL_EVENT_SIZE = X86 ? 12 : 16;
  static final int EPOLL_EVENT_DATA = X86 ? 4 : 8;

  private Abi() {}

  private static boolean architecture() {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    boolean x86 = arch.equals("amd64") || arch.equals("x86_64");
    if (!os.equals("Linux") || !(x86 || arch.equals("aarch64"))) {
      throw new UnsupportedOperationException(
          "this machine is " + os + " on " + arch + ", expected Linux on amd64 or aarch64");
    }
    return x86;
  }
}
