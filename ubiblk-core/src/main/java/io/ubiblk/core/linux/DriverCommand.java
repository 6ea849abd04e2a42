package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.MemorySegment;

/**
 * Commands to a driver that take their time: each is sent through a ring of its own and waited for.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/io_uring_enter.2.html">IORING_OP_URING_CMD in
 *     io_uring_enter(2)</a>
 */
public final class DriverCommand {

  /** Most bytes that go with a command. */
  public static final int LONGEST_PAYLOAD = 80;

  private static final long LONG_NANOS = 60_000_000_000L;

  private DriverCommand() {}

  /**
   * Sends a command and waits for its result, for as long as that takes. Blocks the thread of the
   * operating system: not for a reactor, and not for a virtual thread.
   *
   * @param file file of the driver's
   * @param command what the driver is asked to do
   * @param payload what goes with the command, up to {@link #LONGEST_PAYLOAD} bytes
   * @return what the driver answers: a result that is not negative, or a negative errno
   * @throws BlockDeviceException if the kernel has no io_uring for such commands
   */
  public static int perform(OpenFile file, int command, MemorySegment payload)
      throws BlockDeviceException {
    try (IoUring ring = IoUring.openWide()) {
      ring.submissions().command(file.fd(), command, payload, 0);
      CompletionQueue completions = ring.completions();
      while (completions.available() == 0) {
        int result = ring.submitAndWait(LONG_NANOS);
        if (result < 0
            && result != -Errno.EINTR
            && result != -Errno.EAGAIN
            && result != -Errno.EBUSY) {
          throw Errno.exception("send a command to", file, result);
        }
      }
      int result = completions.result();
      completions.advance();
      return result;
    }
  }
}
