package io.ubiblk.core.layer;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.DecoratorContract;

class QueueTrackingDeviceContractTest implements DecoratorContract {

  @Override
  public EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  public BlockDevice decorate(BlockDevice inner) {
    return new QueueTrackingDevice(inner, 1);
  }

  @Override
  public boolean resizable() {
    return true;
  }
}
