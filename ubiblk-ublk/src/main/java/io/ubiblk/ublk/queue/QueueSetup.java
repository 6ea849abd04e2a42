package io.ubiblk.ublk.queue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import java.io.IOException;
import java.lang.foreign.Arena;

/**
 * What a queue is made of.
 *
 * @param name name of the queue in messages
 * @param reactor where the queue lives
 * @param device what to serve
 * @param depth requests in flight
 * @param largestTransfer largest request in bytes, a multiple of the page size
 * @param driver the driver's side
 */
public record QueueSetup(
    String name,
    IoReactor reactor,
    BlockDevice device,
    int depth,
    int largestTransfer,
    DriverSide driver) {

  /** The driver's side of one queue. */
  public interface DriverSide {

    /**
     * Maps the descriptions of the queue's requests.
     *
     * @param arena keeps the mapping
     * @return the descriptions
     * @throws IOException if the driver refuses
     */
    IoDescriptors map(Arena arena) throws IOException;

    /**
     * Opens the way to the driver. Called on the reactor.
     *
     * @param handler receives the completions: a tag, and 0 for a request or a negative errno
     * @return the way
     * @throws IOException if the reactor cannot have one
     */
    QueueLink open(IoHandler handler) throws IOException;
  }
}
