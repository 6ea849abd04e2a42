package io.ubiblk.vhost.virtqueue;

import io.ubiblk.vhost.memory.GuestMemory;
import java.util.concurrent.Executor;

/**
 * A queue's hold on one generation of guest memory: until the queue has moved on to another and the
 * last request that began with this one is over. Confined to the queue's thread.
 */
final class MemoryLease {

  private final GuestMemory memory;
  private final Executor blocking;
  private int requests;
  private boolean ended;

  /**
   * Takes over a use of the memory.
   *
   * @param blocking where to give the memory up, since unmapping may take long
   */
  MemoryLease(GuestMemory memory, Executor blocking) {
    this.memory = memory;
    this.blocking = blocking;
  }

  GuestMemory memory() {
    return memory;
  }

  void requestBegins() {
    requests++;
  }

  void requestEnds() {
    if (--requests == 0 && ended) {
      blocking.execute(memory::release);
    }
  }

  /** No request will begin with this memory any more. */
  void end() {
    if (!ended) {
      ended = true;
      if (requests == 0) {
        blocking.execute(memory::release);
      }
    }
  }
}
