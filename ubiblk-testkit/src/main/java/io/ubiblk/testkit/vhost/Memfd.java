package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An anonymous file in memory that another process can map. */
final class Memfd implements AutoCloseable {

  private final int fd;
  private final FileDescriptor descriptor;
  private boolean closed;

  /**
   * Creates the file.
   *
   * @param name shown under {@code /proc}
   * @param size in bytes; the content is zeros
   */
  Memfd(String name, long size) throws IOException {
    fd = Posix.memfdCreate(name);
    try {
      descriptor = Descriptors.of(fd);
      Posix.ftruncate(fd, size);
    } catch (IOException | RuntimeException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** {@return the descriptor to pass; owned by this object} */
  FileDescriptor descriptor() {
    return descriptor;
  }

  /** Maps a part of the file until the arena is closed. */
  MemorySegment map(long offset, long size, Arena arena) throws IOException {
    return Posix.map(fd, offset, size, arena);
  }

  /** Sets the size. What is cut off is gone from every mapping. */
  void truncate(long size) throws IOException {
    Posix.ftruncate(fd, size);
  }

  /** Closes the descriptor. Mappings stay. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Posix.close(fd);
    }
  }
}
