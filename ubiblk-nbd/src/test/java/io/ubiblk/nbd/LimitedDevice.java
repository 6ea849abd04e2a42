package io.ubiblk.nbd;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Semaphore;

/** A device with other properties than the one that it wraps, whose extents can be held up. */
final class LimitedDevice extends ForwardingBlockDevice {

  private final DeviceListeners listeners = new DeviceListeners();
  private final Semaphore extentsAllowed = new Semaphore(0);
  private Set<Capability> capabilities;
  private int blockSize = Geometry.SECTOR;
  private int maxTransfer = Geometry.UNLIMITED_TRANSFER;
  private volatile boolean holdsExtents;
  private volatile boolean failsExtents;

  LimitedDevice(BlockDevice delegate) {
    super(delegate);
    capabilities = delegate.capabilities();
  }

  /** Gives the device exactly these capabilities; those that are not there do nothing. */
  LimitedDevice with(Set<Capability> some) {
    capabilities = Set.copyOf(some);
    return this;
  }

  LimitedDevice without(Capability first, Capability... more) {
    EnumSet<Capability> fewer = EnumSet.allOf(Capability.class);
    fewer.removeAll(EnumSet.of(first, more));
    return with(fewer);
  }

  LimitedDevice withBlockSize(int bytes) {
    blockSize = bytes;
    return this;
  }

  LimitedDevice withMaxTransfer(int bytes) {
    maxTransfer = bytes;
    return this;
  }

  void holdExtents() {
    holdsExtents = true;
  }

  void releaseExtents() {
    holdsExtents = false;
    extentsAllowed.release(1000);
  }

  void failExtents() {
    failsExtents = true;
  }

  /** Tells the listeners that the device has failed for good. */
  void fail() {
    listeners.failed(new BlockDeviceException.Closed("the device was told to fail"));
  }

  @Override
  public Geometry geometry() {
    return super.geometry().withBlockSizes(blockSize, blockSize).withMaxTransfer(maxTransfer);
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    if (holdsExtents) {
      extentsAllowed.acquireUninterruptibly();
    }
    if (failsExtents) {
      throw new IOException("the device was told to fail");
    }
    super.extents(offset, length, visitor);
  }

  @Override
  public void addListener(DeviceListener listener) {
    super.addListener(listener);
    listeners.add(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    super.removeListener(listener);
    listeners.remove(listener);
  }
}
