package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;

class CrashingBlockDeviceContractTest implements VirtualFixture, BlockDeviceContract {

  @Override
  public BlockDevice newDevice(long size) {
    return new CrashingBlockDevice(size);
  }
}
