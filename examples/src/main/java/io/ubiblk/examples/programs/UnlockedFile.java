package io.ubiblk.examples.programs;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.blocking.BlockingStorage;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file to look into, also while a backend has locked it. Nothing can be written to it. */
final class UnlockedFile implements BlockingStorage {

  private final Path path;
  private final FileChannel channel;
  private final Geometry geometry;

  private UnlockedFile(Path path, FileChannel channel, Geometry geometry) {
    this.path = path;
    this.channel = channel;
    this.geometry = geometry;
  }

  static UnlockedFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new BlockDeviceException.BadFormat(path + " is a directory, expected a file");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long size = channel.size();
      if (size % Geometry.SECTOR != 0) {
        throw new BlockDeviceException.BadFormat(
            path + " has " + size + " bytes, expected a multiple of " + Geometry.SECTOR);
      }
      return new UnlockedFile(path, channel, Geometry.of(size));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Returns the size of a file in bytes. */
  static long size(Path path) throws IOException {
    try (UnlockedFile file = open(path)) {
      return file.geometry.size();
    }
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    ByteBuffer buffer = dst.asByteBuffer();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException(path + " has become shorter while it was read");
      }
    }
  }

  @Override
  public void write(long offset, MemorySegment src) throws IOException {
    throw new BlockDeviceException.Unsupported(path + " is open for reading only");
  }

  @Override
  public void flush() {}

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
