package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An io_uring: a pair of rings shared with the kernel. Belongs to the thread that opened it, which
 * alone may submit and reap.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/io_uring.7.html">io_uring(7)</a>
 */
public final class IoUring implements AutoCloseable {

  private static final long OFF_SQ_RING = 0;
  private static final long OFF_SQES = 0x10000000L;

  // io_uring_register(2), and struct io_uring_rsrc_register
  private static final int REGISTER_BUFFERS2 = 15;
  private static final int RSRC_SIZE = 32;
  private static final int RSRC_FLAGS = 4;
  private static final int RSRC_SPARSE = 1;

  private static final int ENTER_GETEVENTS = 1;
  private static final int ENTER_EXT_ARG = 1 << 3;

  // struct io_uring_getevents_arg
  private static final int ARG_SIZE = 24;
  private static final int ARG_SIGMASK_SIZE = 8;
  private static final int ARG_TS = 16;

  private static final int SQE_SIZE = 64;
  private static final int WIDE_SQE_SIZE = 128;
  private static final int CQE_SIZE = 16;

  // From the best for one thread that polls to what every kernel takes.
  private static final int[] SETUPS = {
    IoUringParams.SETUP_SINGLE_ISSUER
        | IoUringParams.SETUP_DEFER_TASKRUN
        | IoUringParams.SETUP_TASKRUN_FLAG
        | IoUringParams.SETUP_SUBMIT_ALL,
    IoUringParams.SETUP_COOP_TASKRUN
        | IoUringParams.SETUP_TASKRUN_FLAG
        | IoUringParams.SETUP_SUBMIT_ALL,
    0
  };

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment capture = Syscall.newCapture(arena);
  private final MemorySegment argument = arena.allocate(ARG_SIZE, 8);
  private final Timespec timeout = Timespec.allocate(arena);
  private final int fd;
  private final MemorySegment ring;
  private final MemorySegment entries;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private boolean closed;

  private IoUring(
      int fd, IoUringParams params, int sqeSize, MemorySegment ring, MemorySegment entries) {
    this.fd = fd;
    this.ring = ring;
    this.entries = entries;
    this.submissions = new SubmissionQueue(ring, entries, sqeSize, params);
    this.completions = new CompletionQueue(ring, params);
    argument.set(ValueLayout.JAVA_INT, ARG_SIGMASK_SIZE, 8);
    argument.set(ValueLayout.JAVA_LONG, ARG_TS, timeout.segment().address());
  }

  /**
   * Opens a ring for the calling thread.
   *
   * @param sqEntries number of operations that can be queued between two submissions
   * @param cqEntries number of completions that have room before the kernel has to set some aside
   * @return the ring
   * @throws BlockDeviceException.Unsupported if the kernel has no io_uring that serves, or forbids
   *     it
   * @throws BlockDeviceException.Io if the ring cannot be mapped
   */
  public static IoUring open(int sqEntries, int cqEntries) throws BlockDeviceException {
    return open(sqEntries, cqEntries, SQE_SIZE);
  }

  /** Opens a small ring whose entries have room for the longest commands to drivers. */
  static IoUring openWide() throws BlockDeviceException {
    return open(1, 2, WIDE_SQE_SIZE);
  }

  private static IoUring open(int sqEntries, int cqEntries, int sqeSize)
      throws BlockDeviceException {
    int wide = sqeSize == WIDE_SQE_SIZE ? IoUringParams.SETUP_SQE128 : 0;
    long result = -Errno.EINVAL;
    for (int i = 0; i < SETUPS.length && result == -Errno.EINVAL; i++) {
      try (Arena arena = Arena.ofConfined()) {
        IoUringParams params =
            IoUringParams.allocate(
                arena,
                SETUPS[i] | wide | IoUringParams.SETUP_CQSIZE | IoUringParams.SETUP_CLAMP,
                cqEntries);
        result = Syscall.call(Abi.IO_URING_SETUP, sqEntries, params.segment().address(), 0);
        if (result >= 0) {
          return open((int) result, params, sqeSize);
        }
      }
    }
    throw new BlockDeviceException.Unsupported(
        "io_uring is not available: io_uring_setup says " + Errno.name((int) -result));
  }

  private static IoUring open(int fd, IoUringParams params, int sqeSize)
      throws BlockDeviceException {
    IoUring opened = map(fd, params, sqeSize);
    try {
      RingProbe.check(opened);
      return opened;
    } catch (BlockDeviceException e) {
      opened.close();
      throw e;
    }
  }

  private static IoUring map(int fd, IoUringParams params, int sqeSize)
      throws BlockDeviceException {
    try {
      if (!params.has(IoUringParams.FEAT_SINGLE_MMAP)
          || !params.has(IoUringParams.FEAT_NODROP)
          || !params.has(IoUringParams.FEAT_EXT_ARG)) {
        throw new BlockDeviceException.Unsupported(
            "io_uring of this kernel is too old: it lacks waiting with a timeout (Linux 5.11)");
      }
      long sqEnd = params.offset(IoUringParams.SQ_ARRAY) + 4L * params.sqEntries();
      long cqEnd = params.offset(IoUringParams.CQ_CQES) + (long) CQE_SIZE * params.cqEntries();
      MemorySegment ring = Memory.mapRing(fd, OFF_SQ_RING, Math.max(sqEnd, cqEnd));
      return new IoUring(fd, params, sqeSize, ring, mapEntries(fd, params, sqeSize, ring));
    } catch (BlockDeviceException e) {
      Descriptor.close(fd);
      throw e;
    }
  }

  private static MemorySegment mapEntries(
      int fd, IoUringParams params, int sqeSize, MemorySegment ring)
      throws BlockDeviceException.Io {
    try {
      return Memory.mapRing(fd, OFF_SQES, (long) sqeSize * params.sqEntries());
    } catch (BlockDeviceException.Io e) {
      Memory.unmap(ring);
      throw e;
    }
  }

  /** {@return where operations are queued} */
  public SubmissionQueue submissions() {
    return submissions;
  }

  /** {@return where completions are found} */
  public CompletionQueue completions() {
    return completions;
  }

  /**
   * Submits what is queued, and fetches completions that the kernel holds back, without waiting.
   * Makes no system call if there is neither.
   *
   * @return 0, or a negative errno if the kernel took nothing for now: {@code EAGAIN}, {@code
   *     EBUSY} or {@code EINTR}; what is queued stays queued
   */
  public int submit() {
    int count = submissions.publish();
    boolean needsEnter = submissions.needsEnter();
    if (count == 0 && !needsEnter) {
      return 0;
    }
    return enter(count, 0, needsEnter ? ENTER_GETEVENTS : 0, 0, 0);
  }

  /**
   * Submits what is queued and waits for a completion.
   *
   * @param nanos longest time to wait in nanoseconds
   * @return 0, or a negative errno as for {@link #submit()}
   */
  public int submitAndWait(long nanos) {
    timeout.set(nanos);
    int result =
        enter(
            submissions.publish(),
            1,
            ENTER_GETEVENTS | ENTER_EXT_ARG,
            argument.address(),
            ARG_SIZE);
    return result == -Errno.ETIME ? 0 : result;
  }

  /**
   * Gives the ring a table of buffers that are to be registered later, by drivers. Linux 5.19; once
   * only.
   *
   * @param count number of buffers
   * @return 0 or a negative errno
   */
  public int registerTable(int count) {
    try (Arena temporary = Arena.ofConfined()) {
      MemorySegment request = temporary.allocate(RSRC_SIZE, 8);
      request.set(ValueLayout.JAVA_INT, 0, count);
      request.set(ValueLayout.JAVA_INT, RSRC_FLAGS, RSRC_SPARSE);
      return (int)
          Syscall.call(Abi.IO_URING_REGISTER, fd, REGISTER_BUFFERS2, request.address(), RSRC_SIZE);
    }
  }

  private int enter(int toSubmit, int minComplete, int flags, long argument, long size) {
    long result =
        Syscall.call(capture, Abi.IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument, size);
    if (result < 0) {
      return transientError((int) result);
    }
    submissions.consumed((int) result);
    return 0;
  }

  /** Whoever submits tries again, which must not go on for ever where it is in vain. */
  private static int transientError(int result) {
    return switch (-result) {
      case Errno.EAGAIN, Errno.EBUSY, Errno.EINTR, Errno.ENOMEM, Errno.ETIME -> result;
      default -> throw new IllegalStateException("io_uring_enter: " + Errno.name(-result));
    };
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Descriptor.close(fd);
    Memory.unmap(entries);
    Memory.unmap(ring);
    arena.close();
  }
}
