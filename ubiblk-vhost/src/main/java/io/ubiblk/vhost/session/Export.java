package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.vhost.virtqueue.QueueLimits;
import java.util.List;

/**
 * What every session of a server serves.
 *
 * @param name name of the server in messages
 * @param device the device
 * @param reactors the reactor of each queue
 * @param largestRing most descriptors of a ring
 * @param limits what requests are held to
 * @param config the device's configuration space and features
 * @param anyMemory whether guest memory may lie in any file
 * @param warnings what is logged about frontends
 */
public record Export(
    String name,
    BlockDevice device,
    List<Reactor> reactors,
    int largestRing,
    QueueLimits limits,
    BlockConfig config,
    boolean anyMemory,
    Warnings warnings) {

  /** Copies the list. */
  public Export {
    reactors = List.copyOf(reactors);
  }

  /** {@return the number of queues} */
  public int queues() {
    return reactors.size();
  }
}
