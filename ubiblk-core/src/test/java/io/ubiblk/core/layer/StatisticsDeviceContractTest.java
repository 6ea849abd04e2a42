package io.ubiblk.core.layer;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.DecoratorContract;

class StatisticsDeviceContractTest implements DecoratorContract {

  @Override
  public EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  public BlockDevice decorate(BlockDevice inner) {
    return new StatisticsDevice(inner);
  }

  @Override
  public boolean resizable() {
    return true;
  }
}
