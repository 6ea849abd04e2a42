package io.ubiblk.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The ring in which the kernel reports completions. Confined to the ring's thread.
 *
 * <p>The kernel owns the tail, we own the head. Loading the tail acquires the entries before it;
 * storing the head releases the place.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/io_uring.h">
 *     struct io_uring_cqe in linux/io_uring.h</a>
 */
public final class CompletionQueue {

  /** Flag of a completion: the same operation will report again ({@code IORING_CQE_F_MORE}). */
  public static final int MORE = 1 << 1;

  static final int ENTRY_SIZE = 16;
  private static final int USER_DATA = 0;
  private static final int RES = 8;
  private static final int FLAGS = 12;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment ring;
  private final long headOffset;
  private final long tailOffset;
  private final long entriesOffset;
  private final int mask;
  private int head;

  CompletionQueue(MemorySegment ring, IoUringParams params) {
    this.ring = ring;
    this.headOffset = params.offset(IoUringParams.CQ_HEAD);
    this.tailOffset = params.offset(IoUringParams.CQ_TAIL);
    this.entriesOffset = params.offset(IoUringParams.CQ_CQES);
    this.mask = ring.get(ValueLayout.JAVA_INT, params.offset(IoUringParams.CQ_RING_MASK));
    this.head = ring.get(ValueLayout.JAVA_INT, headOffset);
  }

  /** {@return how many completions are there} */
  public int available() {
    return (int) INT.getAcquire(ring, tailOffset) - head;
  }

  /** {@return the user data of the completion at the head} */
  public long userData() {
    return ring.get(ValueLayout.JAVA_LONG, entry() + USER_DATA);
  }

  /**
   * {@return the result of the completion at the head: what the system call would return, or a
   * negative errno}
   */
  public int result() {
    return ring.get(ValueLayout.JAVA_INT, entry() + RES);
  }

  /** {@return the flags of the completion at the head} */
  public int flags() {
    return ring.get(ValueLayout.JAVA_INT, entry() + FLAGS);
  }

  /** Gives the place of the completion at the head back to the kernel. */
  public void advance() {
    head++;
    INT.setRelease(ring, headOffset, head);
  }

  private long entry() {
    return entriesOffset + (long) (head & mask) * ENTRY_SIZE;
  }
}
