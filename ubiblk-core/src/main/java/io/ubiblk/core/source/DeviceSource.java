package io.ubiblk.core.source;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.layer.ReadOnlyDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Any device as a source: byte {@code n} of the disk is byte {@code n} of the device. Nobody may
 * change the device meanwhile.
 */
public final class DeviceSource implements StripeSource {

  private static final int PARALLELISM = 16;

  private final BlockDevice device;
  private final long size;
  private final BlockingAccess access;

  private DeviceSource(BlockDevice device, BlockingAccess access) {
    this.device = device;
    this.size = device.geometry().size();
    this.access = access;
  }

  /**
   * Opens a device as a source. Blocks: not to be called on a reactor's thread.
   *
   * @param device the device, closed with the source; if this fails, it has not been closed
   * @param reactor where stripes are read
   * @return the source
   * @throws IOException if the device gives no channel
   */
  public static DeviceSource open(BlockDevice device, Reactor reactor) throws IOException {
    BlockDevice readOnly = new ReadOnlyDevice(device);
    return new DeviceSource(readOnly, BlockingAccess.open(readOnly, reactor));
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    long present = Math.clamp(size - offset, 0, dst.byteSize());
    if (present > 0) {
      access.read(offset, dst.asSlice(0, present));
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
    try (device) {
      access.close();
    }
  }

  @Override
  public String toString() {
    return "DeviceSource(" + device + ")";
  }
}
