package io.ubiblk.crypto;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.testkit.BlockDeviceFixture;
import io.ubiblk.testkit.DeviceRig;

/** Puts encryption over a device of a test's choice. */
interface XtsRig extends BlockDeviceFixture {

  @Override
  default EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  default BlockDevice newDevice(long size) {
    throw new UnsupportedOperationException("each test makes its own device");
  }

  default DeviceRig rig(BlockDevice below) throws Exception {
    return rig(below, Vectors.KEY, TweakLayout.UBIBLK);
  }

  default DeviceRig rig(BlockDevice below, String hexKey, TweakLayout layout) throws Exception {
    try (XtsKey key = Vectors.key(hexKey)) {
      return DeviceRig.around(this, new XtsBlockDevice(below, key, layout));
    }
  }
}
