package io.ubiblk.core.blocking;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;

/**
 * A {@link BlockingStorage} as a device. Each request is one call on a virtual thread. Forced unit
 * access is a write and a flush.
 */
public final class BlockingDevice implements BlockDevice {

  private static final int ZERO_BYTES = 64 * 1024;
  private static final MemorySegment ZEROS = Arena.global().allocate(ZERO_BYTES, 4096).asReadOnly();
  private static final Set<Capability> CAPABILITIES = Set.copyOf(EnumSet.allOf(Capability.class));

  private final BlockingStorage storage;
  private final Geometry geometry;
  private final OpenChannels channels = new OpenChannels();
  private final DeviceListeners listeners = new DeviceListeners();

  /**
   * Creates the device.
   *
   * @param storage does the work; closed with the device
   */
  public BlockingDevice(BlockingStorage storage) {
    this.storage = storage;
    this.geometry = storage.geometry();
  }

  static MemorySegment zeros() {
    return ZEROS;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public Set<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException.Closed {
    channels.opened(this);
    try {
      return new BlockingChannel(storage, geometry, channels, reactor, depth, completions);
    } catch (RuntimeException | Error e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor)
      throws BlockDeviceException.Closed {
    channels.requireOpen(this);
    geometry.requireInside(offset, length);
    if (length > 0) {
      visitor.extent(offset, length, 0);
    }
  }

  @Override
  public void resize(long size) throws BlockDeviceException {
    channels.requireOpen(this);
    geometry.requireGrowth(size);
    if (size > geometry.size()) {
      throw new BlockDeviceException.Unsupported(this + " cannot grow");
    }
  }

  @Override
  public void addListener(DeviceListener listener) {
    listeners.add(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    listeners.remove(listener);
  }

  @Override
  public void close() throws IOException {
    if (channels.close(this)) {
      storage.close();
    }
  }

  @Override
  public String toString() {
    return "BlockingDevice(" + storage + ")";
  }
}
