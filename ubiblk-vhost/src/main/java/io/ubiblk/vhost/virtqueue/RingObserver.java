package io.ubiblk.vhost.virtqueue;

import io.ubiblk.vhost.memory.GuestMemory;

/** Is told what a queue finds out about its driver. Called on the reactor's thread. */
@FunctionalInterface
public interface RingObserver {

  /**
   * A request could not reach guest memory, in the JVM or in the kernel. Called possibly often.
   *
   * @param memory the memory, which may have been given up if the queue has moved on from it
   */
  void memoryFaulted(GuestMemory memory);

  /**
   * A ring is not served any more. Called once for a ring.
   *
   * @param queue name of the queue
   * @param reason why
   */
  default void ringBroken(String queue, String reason) {}

  /**
   * The memory of a ring has faulted. What was taken from the ring cannot be given back to it any
   * more, and its driver waits for that in vain.
   */
  default void ringLost() {}
}
