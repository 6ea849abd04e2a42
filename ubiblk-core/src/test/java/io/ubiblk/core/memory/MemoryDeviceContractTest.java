package io.ubiblk.core.memory;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.BlockDeviceContract;

class MemoryDeviceContractTest implements BlockDeviceContract {

  @Override
  public EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  public BlockDevice newDevice(long size) {
    return new MemoryDevice(size);
  }

  @Override
  public boolean resizable() {
    return true;
  }
}
