package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;

/**
 * A request that could not pass straight through. Belongs to its channel's thread; the coordinator
 * answers it there.
 */
abstract class HeldRequest {

  private final LazyChannel channel;
  private long tag;
  long offset;
  long length;

  /** Bytes that are finished. */
  long done;

  /**
   * Slot of the channel's table, and tag of the requests that this one makes of the layers below.
   */
  int slot;

  HeldRequest(LazyChannel channel) {
    this.channel = channel;
  }

  /** Becomes a request, or the next one. */
  final void begin(long newOffset, long newLength, long newTag) {
    offset = newOffset;
    length = newLength;
    tag = newTag;
    done = 0;
  }

  /** Goes on, until something has to be waited for. */
  abstract void advance();

  /** Takes the outcome of a request that this one made of a layer below. */
  abstract void completed(int status);

  /** Gives up what only waits, because the channel is closing. */
  abstract void cancel();

  /** Lets go of what is the caller's: the request is over. */
  void release() {}

  final LazyChannel channel() {
    return channel;
  }

  final long tag() {
    return tag;
  }

  final long end() {
    return offset + length;
  }

  final long at() {
    return offset + done;
  }

  final void finish(int status) {
    channel.finish(this, status);
  }

  /** Runs something on the channel's thread. Any thread. */
  final void answer(Runnable work) {
    Reactor reactor = channel.reactor();
    reactor.execute(work);
  }
}
