package io.ubiblk.core.layer;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.testkit.DecoratorContract;

class PassthroughDeviceContractTest implements DecoratorContract {

  @Override
  public EventLoop newLoop() {
    return new Simulation(42).newReactor();
  }

  @Override
  public BlockDevice decorate(BlockDevice inner) {
    return new PassthroughDevice(inner);
  }
}
