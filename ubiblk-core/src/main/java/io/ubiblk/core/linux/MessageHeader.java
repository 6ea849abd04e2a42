package io.ubiblk.core.linux;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct msghdr} without address and control data: the pieces of memory that one call sends
 * or receives.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sendmsg.2.html">sendmsg(2)</a>
 */
public final class MessageHeader {

  private static final int SIZE = 56;
  private static final int MSG_IOV = 16;
  private static final int MSG_IOVLEN = 24;

  private final MemorySegment segment;
  private final Iovecs iovecs;

  /**
   * Allocates a header.
   *
   * @param arena keeps the header and its array
   * @param pieces most pieces of memory
   */
  public MessageHeader(Arena arena, int pieces) {
    this.segment = arena.allocate(SIZE, 8);
    this.iovecs = new Iovecs(arena, pieces);
    segment.set(ValueLayout.JAVA_LONG, MSG_IOV, iovecs.segment().address());
  }

  /**
   * Names the memory: a part of a list, as much of it as fits.
   *
   * @param list the list
   * @param position first byte, counted from the start of the list
   */
  public void set(ScatterList list, long position) {
    iovecs.set(list, position, list.byteSize() - position);
    segment.set(ValueLayout.JAVA_LONG, MSG_IOVLEN, iovecs.count());
  }

  MemorySegment segment() {
    return segment;
  }
}
