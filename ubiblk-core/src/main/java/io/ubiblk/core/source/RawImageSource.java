package io.ubiblk.core.source;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A raw image file as a source: byte {@code n} of the disk is byte {@code n} of the file. The file
 * is opened for reading, and locked against writers that lock. Any number of disks may use one
 * image.
 */
public final class RawImageSource implements StripeSource {

  /** Reads of a file wait for the storage, not for each other. */
  private static final int PARALLELISM = 16;

  private final RawFileDevice device;
  private final FileChannel channel;
  private final Path path;

  private RawImageSource(Path path, RawFileDevice device, FileChannel channel) {
    this.path = path;
    this.device = device;
    this.channel = channel;
  }

  /**
   * Opens an image.
   *
   * @param path a regular file or block special file
   * @return the source
   * @throws BlockDeviceException.Busy if somebody has locked the image for writing
   * @throws BlockDeviceException.BadFormat if the image's size is not a multiple of 512 bytes
   * @throws IOException if the image cannot be opened
   */
  public static RawImageSource open(Path path) throws IOException {
    RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT.withReadOnly(true));
    try {
      return new RawImageSource(path, device, FileChannel.open(path, StandardOpenOption.READ));
    } catch (IOException | RuntimeException e) {
      device.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return device.geometry().size();
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    long present = Math.clamp(size() - offset, 0, dst.byteSize());
    ByteBuffer buffer = dst.asSlice(0, present).asByteBuffer();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException(
            path + " ends at " + (offset + buffer.position()) + ", expected " + size() + " bytes");
      }
    }
    dst.asSlice(present).fill((byte) 0);
  }

  @Override
  public boolean servesParts() {
    return true;
  }

  @Override
  public int parallelism() {
    return PARALLELISM;
  }

  @Override
  public Optional<BlockDevice> device() {
    return Optional.of(device);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      device.close();
    }
  }

  @Override
  public String toString() {
    return "RawImageSource(" + path + ")";
  }
}
