package io.ubiblk.core.blocking;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.BlockDeviceContract;
import org.junit.jupiter.api.Nested;

/** Twenty lines of blocking code are a device that keeps the contract. */
class BlockingDeviceContractTest {

  @Nested
  class OnARing implements BlockDeviceContract {
    @Override
    public EventLoop newLoop() throws Exception {
      return Loops.ring();
    }

    @Override
    public BlockDevice newDevice(long size) {
      return new BlockingDevice(new ArrayStorage((int) size));
    }
  }

  @Nested
  class InSimulation implements BlockDeviceContract {
    private long seed;

    @Override
    public EventLoop newLoop() {
      return Loops.simulated(seed++);
    }

    @Override
    public BlockDevice newDevice(long size) {
      return new BlockingDevice(new ArrayStorage((int) size));
    }

    @Override
    public boolean multiThreaded() {
      return false;
    }
  }
}
