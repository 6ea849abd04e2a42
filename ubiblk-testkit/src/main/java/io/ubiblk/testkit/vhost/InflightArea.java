package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Shared memory in which a backend tracks requests in flight.
 *
 * @param mmapSize its size in bytes
 * @param mmapOffset where it begins in the descriptor's memory, in bytes
 * @param queues number of queues
 * @param queueSize entries per queue
 * @param descriptor the memory, or null if none came or none shall be sent; owned by whoever
 *     received it
 */
public record InflightArea(
    long mmapSize, long mmapOffset, int queues, int queueSize, @Nullable FileDescriptor descriptor)
    implements AutoCloseable {

  /**
   * Closes the descriptor.
   *
   * @throws IOException if the descriptor is not an open one
   */
  @Override
  public void close() throws IOException {
    if (descriptor != null) {
      Posix.close(Descriptors.number(descriptor));
    }
  }
}
