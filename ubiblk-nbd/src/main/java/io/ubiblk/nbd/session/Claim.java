package io.ubiblk.nbd.session;

import org.jspecify.annotations.Nullable;

/**
 * What a change needs of the device: the range that it changes, and of that the blocks at the edges
 * which nobody else may change meanwhile, because they are read and written back. There is one for
 * each request, used again and again. Set by the thread of its connection while no other knows of
 * it; of a {@link ChangeOrder} from then on until the change is over.
 */
final class Claim {

  private static final long NONE = -1;

  final Request request;

  private long start;
  private long end;

  /** Where the blocks at the edges are, or {@link #NONE}. */
  private long first;

  private long last;
  private int block;

  @Nullable Changes owner;

  /** How many of those before it in the queue have to be over first. */
  int blockers;

  /** Whether it need not wait any more. */
  boolean granted;

  @Nullable Claim previous;
  @Nullable Claim next;

  Claim(Request request) {
    this.request = request;
  }

  /**
   * Takes what the request needs, which changes the range of its own while it is executed.
   *
   * @param by whose request it is
   * @param blockSize size in bytes of a block
   */
  void set(Changes by, int blockSize) {
    start = request.start;
    end = request.end;
    block = blockSize;
    first = request.offset == request.start ? NONE : request.start;
    last = request.last() == request.end ? NONE : request.end - blockSize;
    owner = by;
    granted = false;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  Changes owner() {
    Changes present = owner;
    if (present == null) {
      throw new IllegalStateException("claim of no connection");
    }
    return present;
  }

  boolean isPartial() {
    return request.isPartial();
  }

  /** Whether this and another change must not be under way together. */
  boolean conflictsWith(Claim other) {
    return guards(other.start, other.end) || other.guards(start, end);
  }

  /** Whether a block that nobody else may change is in a range. */
  boolean guards(long from, long to) {
    return isWithin(first, from, to) || isWithin(last, from, to);
  }

  private boolean isWithin(long edge, long from, long to) {
    return edge != NONE && edge < to && edge + block > from;
  }
}
