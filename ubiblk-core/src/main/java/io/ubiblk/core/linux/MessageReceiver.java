package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntConsumer;

/**
 * Receives bytes and file descriptors from a Unix socket. There is room for as many descriptors as
 * the kernel lets through at once, so that none is lost, and each is handed over exactly once.
 * Confined to the thread that created it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7), SCM_RIGHTS</a>
 */
public final class MessageReceiver implements AutoCloseable {

  // struct msghdr
  private static final int MSGHDR_SIZE = 56;
  private static final int MSG_IOV = 16;
  private static final int MSG_IOVLEN = 24;
  private static final int MSG_CONTROL = 32;
  private static final int MSG_CONTROLLEN = 40;
  private static final int MSG_FLAGS = 48;

  // struct cmsghdr
  private static final int CMSG_LEN = 0;
  private static final int CMSG_LEVEL = 8;
  private static final int CMSG_TYPE = 12;
  private static final int CMSG_DATA = 16;

  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;

  /**
   * The kernel passes 253 descriptors in one message, and more than one message never in one call.
   */
  private static final int CONTROL_BYTES = CMSG_DATA + 4 * 256;

  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment header = arena.allocate(MSGHDR_SIZE, 8);
  private final MemorySegment vector = arena.allocate(16, 8);
  private final MemorySegment control = arena.allocate(CONTROL_BYTES, 8);
  private final int fd;

  /**
   * Creates a receiver.
   *
   * @param fd the socket, which stays the caller's
   */
  public MessageReceiver(int fd) {
    this.fd = fd;
    header.set(ValueLayout.JAVA_LONG, MSG_IOV, vector.address());
    header.set(ValueLayout.JAVA_LONG, MSG_IOVLEN, 1);
    header.set(ValueLayout.JAVA_LONG, MSG_CONTROL, control.address());
  }

  /**
   * Receives what is there, without waiting.
   *
   * @param buffer native memory to fill
   * @param descriptors receives each descriptor that came along, and owns it; closed on exec
   * @return number of bytes; 0 if the other end has gone; or a negative errno, {@link Errno#EAGAIN}
   *     if there is nothing
   */
  public int receive(MemorySegment buffer, IntConsumer descriptors) {
    vector.set(ValueLayout.JAVA_LONG, 0, buffer.address());
    vector.set(ValueLayout.JAVA_LONG, 8, buffer.byteSize());
    header.set(ValueLayout.JAVA_LONG, MSG_CONTROLLEN, CONTROL_BYTES);
    header.set(ValueLayout.JAVA_INT, MSG_FLAGS, 0);
    long count = Syscall.call(Abi.RECVMSG, fd, header.address(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count >= 0) {
      handOver(descriptors);
    }
    return (int) count;
  }

  private void handOver(IntConsumer descriptors) {
    long end = header.get(ValueLayout.JAVA_LONG, MSG_CONTROLLEN);
    for (long at = 0; at + CMSG_DATA <= end; ) {
      long length = control.get(ValueLayout.JAVA_LONG, at + CMSG_LEN);
      if (length < CMSG_DATA) {
        return;
      }
      if (control.get(ValueLayout.JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
          && control.get(ValueLayout.JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS) {
        for (long i = at + CMSG_DATA; i + 4 <= at + length; i += 4) {
          descriptors.accept(control.get(ValueLayout.JAVA_INT, i));
        }
      }
      at += (length + 7) & ~7L;
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
