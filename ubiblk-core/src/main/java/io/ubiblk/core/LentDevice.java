package io.ubiblk.core;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.ForwardingBlockDevice;
import java.io.IOException;

/** A device that stays its giver's until the disk over it has been built. */
final class LentDevice extends ForwardingBlockDevice {

  private volatile boolean kept;

  LentDevice(BlockDevice delegate) {
    super(delegate);
  }

  /** The disk owns the device from now on. */
  void keep() {
    kept = true;
  }

  /** Closes the device if it has been kept: layers that could not be used close what they have. */
  @Override
  public void close() throws IOException {
    if (kept) {
      super.close();
    }
  }

  @Override
  public String toString() {
    return delegate().toString();
  }
}
