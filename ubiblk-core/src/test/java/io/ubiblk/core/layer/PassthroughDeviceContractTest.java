package io.ubiblk.core.layer;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.DecoratorContract;

class PassthroughDeviceContractTest implements DecoratorContract {

  @Override
  public EventLoop newLoop() throws Exception {
    return ReactorOptions.of(1).openLoop();
  }

  @Override
  public BlockDevice decorate(BlockDevice inner) {
    return new PassthroughDevice(inner);
  }

  @Override
  public boolean resizable() {
    return true;
  }
}
