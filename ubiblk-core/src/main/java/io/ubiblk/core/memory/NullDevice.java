package io.ubiblk.core.memory;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;

/**
 * A device without content, to measure everything else with: writes vanish, and reads leave the
 * memory as it is. It is not fit for data, and it does not read back what was written.
 */
public final class NullDevice extends VolatileDevice {

  /**
   * Creates a device.
   *
   * @param size size in bytes, a multiple of 512
   */
  public NullDevice(long size) {
    super(Geometry.of(size));
  }

  @Override
  BlockChannel open(Reactor reactor, CompletionHandler completions) {
    return new Channel(this, reactor, completions);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor)
      throws BlockDeviceException.Closed {
    channels().requireOpen(this);
    geometry().requireInside(offset, length);
    if (length > 0) {
      visitor.extent(offset, length, 0);
    }
  }

  @Override
  void grow(long size) {}

  @Override
  void release() {}

  @Override
  public String toString() {
    return "NullDevice(" + geometry().size() + " bytes)";
  }

  private static final class Channel extends VolatileChannel {
    Channel(VolatileDevice device, Reactor reactor, CompletionHandler completions) {
      super(device, reactor, completions);
    }

    @Override
    int fill(long offset, ScatterList dst) {
      return Status.OK;
    }

    @Override
    int store(long offset, ScatterList src) {
      return Status.OK;
    }

    @Override
    void clear(long offset, long length) {}
  }
}
