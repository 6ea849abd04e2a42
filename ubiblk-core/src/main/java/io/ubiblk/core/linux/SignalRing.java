package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A way to add one to an eventfd that is in blocking mode, without ever waiting for room in it: an
 * io_uring with which the eventfd is registered. The kernel adds one for each completion, here for
 * each {@linkplain SubmissionQueue#message message} from another ring, and leaves a counter that is
 * full as it is. A write would wait, or need a thread of the kernel's that may.
 *
 * <p>Confined to the thread of the ring that sends the messages.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man2/io_uring_register.2.html">IORING_REGISTER_EVENTFD
 *     in io_uring_register(2)</a>
 */
public final class SignalRing implements AutoCloseable {

  private static final int REGISTER_EVENTFD = 4;
  private static final long OFF_SQ_RING = 0;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final int fd;
  private final MemorySegment ring;
  private final long headOffset;
  private final long tailOffset;
  private boolean closed;

  private SignalRing(int fd, MemorySegment ring, IoUringParams params) {
    this.fd = fd;
    this.ring = ring;
    this.headOffset = params.offset(IoUringParams.CQ_HEAD);
    this.tailOffset = params.offset(IoUringParams.CQ_TAIL);
  }

  /**
   * Opens a ring for an eventfd.
   *
   * @param eventFd the eventfd; the ring keeps a hold of its own
   * @return the ring, or null if the descriptor is another kind of file or the kernel does not give
   *     what it takes
   */
  public static @Nullable SignalRing open(int eventFd) {
    try (Arena arena = Arena.ofConfined()) {
      IoUringParams params = IoUringParams.allocate(arena, 0, 0);
      long opened = Syscall.call(Abi.IO_URING_SETUP, 1, params.segment().address(), 0);
      if (opened < 0) {
        return null;
      }
      int fd = (int) opened;
      MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_INT, eventFd);
      long registered =
          Syscall.call(Abi.IO_URING_REGISTER, fd, REGISTER_EVENTFD, number.address(), 1);
      if (registered < 0) {
        Descriptor.close(fd);
        return null;
      }
      return map(fd, params);
    }
  }

  private static @Nullable SignalRing map(int fd, IoUringParams params) {
    // The completions lie in the mapping of the other ring since Linux 5.4.
    long end =
        params.offset(IoUringParams.CQ_CQES)
            + (long) CompletionQueue.ENTRY_SIZE * params.cqEntries();
    try {
      return new SignalRing(fd, Memory.mapRing(fd, OFF_SQ_RING, end), params);
    } catch (BlockDeviceException.Io e) {
      Descriptor.close(fd);
      return null;
    }
  }

  /** {@return the descriptor to which messages are sent} */
  public int fd() {
    return fd;
  }

  /** Makes room for the next message, once those before are known to have arrived. */
  public void drain() {
    INT.setRelease(ring, headOffset, (int) INT.getAcquire(ring, tailOffset));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Descriptor.close(fd);
      Memory.unmap(ring);
    }
  }
}
