package io.ubiblk.vhost.virtqueue;

import io.ubiblk.vhost.memory.GuestMemory;

/** Is told when a queue finds that guest memory is not there any more. */
@FunctionalInterface
public interface RingObserver {

  /**
   * An access to guest memory has failed, in the JVM or in the kernel. Called on the reactor's
   * thread, possibly often.
   *
   * @param memory the memory, which may have been given up if the queue has moved on from it
   */
  void memoryFaulted(GuestMemory memory);
}
