package io.ubiblk.core.source;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A raw image file as a source: byte {@code n} of the disk is byte {@code n} of the file. The file
 * is opened for reading, and locked against writers that lock. Any number of disks may use one
 * image.
 */
public final class RawImageSource implements StripeSource {

  /** Reads of a file wait for the storage, not for each other. */
  private static final int PARALLELISM = 16;

  private static final int IDLE_SECONDS = 10;

  /** A system call of a virtual thread keeps its carrier, of which there are few. */
  private static final ThreadPoolExecutor READERS = readers();

  private final RawFileDevice device;
  private final Path path;

  private RawImageSource(Path path, RawFileDevice device) {
    this.path = path;
    this.device = device;
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
    return new RawImageSource(
        path, RawFileDevice.open(path, RawFileOptions.DEFAULT.withReadOnly(true)));
  }

  @Override
  public long size() {
    return device.geometry().size();
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    long present = Math.clamp(size() - offset, 0, dst.byteSize());
    if (present > 0) {
      readFile(offset, dst.asSlice(0, present));
    }
    dst.asSlice(present).fill((byte) 0);
  }

  private void readFile(long offset, MemorySegment dst) throws IOException {
    if (!Thread.currentThread().isVirtual()) {
      device.readNow(offset, dst);
      return;
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    READERS.execute(
        () -> {
          try {
            device.readNow(offset, dst);
            done.complete(true);
          } catch (IOException | RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    // The memory is in use until then: an interruption has to wait.
    Uninterrupted.await(() -> OnReactor.await(done));
  }

  private static ThreadPoolExecutor readers() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            PARALLELISM,
            PARALLELISM,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("ubiblk-image-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
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
  public void close() {
    device.close();
  }

  @Override
  public String toString() {
    return "RawImageSource(" + path + ")";
  }
}
