package io.ubiblk.ublk.driver;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.core.linux.DriverCommand;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.Memory;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.queue.QueueSetup.DriverSide;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** The driver of this machine's kernel. */
public final class LinuxDriver implements Driver {

  private static final Path CONTROL = Path.of("/dev/ublk-control");

  /** How often, and how long apart in milliseconds, to look for a node that has been announced. */
  private static final int LOOKS = 200;

  private static final int LOOK_MILLIS = 10;

  private final OpenFile control;
  private final int pageSize = Memory.pageSize();

  private LinuxDriver(OpenFile control) {
    this.control = control;
  }

  /**
   * Opens the control node.
   *
   * @return the driver
   * @throws BlockDeviceException.Unsupported if the kernel has no such driver
   * @throws BlockDeviceException.Io if this process may not use it
   */
  public static LinuxDriver open() throws BlockDeviceException {
    try {
      return new LinuxDriver(OpenFile.open(CONTROL, OpenFile.READ_WRITE));
    } catch (BlockDeviceException.Io e) {
      switch (e.errno()) {
        case Errno.ENOENT, Errno.ENXIO ->
            throw new BlockDeviceException.Unsupported(
                CONTROL
                    + " is not there: expected the driver ublk_drv of Linux 6.0 or later (modprobe"
                    + " ublk_drv)");
        case Errno.EACCES, Errno.EPERM ->
            throw new BlockDeviceException.Io(
                e.getMessage() + ", expected CAP_SYS_ADMIN and access to " + CONTROL, e.errno());
        default -> throw e;
      }
    }
  }

  @Override
  public int perform(int command, MemorySegment payload) throws IOException {
    CompletableFuture<Integer> result = new CompletableFuture<>();
    // A virtual thread would keep its carrier, and a device that is stopped may need that carrier
    // to fetch what its last requests wait for.
    Thread.ofPlatform()
        .daemon()
        .name("ublk-control")
        .start(
            () -> {
              try {
                result.complete(DriverCommand.perform(control, command, payload));
              } catch (BlockDeviceException | RuntimeException | Error e) {
                result.completeExceptionally(e);
              }
            });
    return Uninterrupted.await(() -> OnReactor.await(result));
  }

  @Override
  public ServedDevice open(DeviceInfo info, boolean ioctl) throws IOException {
    OpenFile node = openNode(Path.of("/dev/ublkc" + info.id()));
    return new Served(node, ioctl, info.has(DriverFeatures.AUTO_BUF_REG), pageSize);
  }

  @Override
  public int pageSize() {
    return pageSize;
  }

  @Override
  public void close() {
    control.close();
  }

  /** Opens a node that the kernel has announced; who makes it and sets its mode may be late. */
  private static OpenFile openNode(Path path) throws IOException {
    for (int look = 1; ; look++) {
      try {
        return OpenFile.open(path, OpenFile.READ_WRITE);
      } catch (BlockDeviceException.Io e) {
        boolean early = e.errno() == Errno.ENOENT || e.errno() == Errno.EACCES;
        if (!early || look == LOOKS) {
          throw e;
        }
        pause();
      }
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BlockDeviceException.Closed("interrupted while the device appeared");
    }
  }

  private record Served(OpenFile file, boolean ioctl, boolean registered, int pageSize)
      implements ServedDevice {
    @Override
    public DriverSide queue(int index, int depth, IoReactor reactor) {
      return new LinuxQueue(file, index, depth, ioctl, registered, pageSize, reactor);
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
