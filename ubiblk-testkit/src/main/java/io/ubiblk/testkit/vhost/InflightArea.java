package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
   * Maps the memory, to look at what the backend has noted there.
   *
   * @param arena ends the mapping when it is closed
   * @return the memory itself, to be read and written
   * @throws IOException if there is no descriptor or it cannot be mapped
   */
  public MemorySegment map(Arena arena) throws IOException {
    if (descriptor == null) {
      throw new IOException("no descriptor came with the area");
    }
    return Posix.map(Descriptors.number(descriptor), mmapOffset, mmapSize, arena);
  }

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
