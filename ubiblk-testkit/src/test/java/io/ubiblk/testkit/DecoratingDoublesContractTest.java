package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import org.junit.jupiter.api.Nested;

class DecoratingDoublesContractTest {

  @Nested
  class Recording implements VirtualFixture, BlockDeviceContract {
    @Override
    public BlockDevice newDevice(long size) {
      return new RecordingBlockDevice(new ModelBlockDevice(size));
    }
  }

  @Nested
  class FaultyWithoutFaults implements VirtualFixture, BlockDeviceContract {
    @Override
    public BlockDevice newDevice(long size) {
      return new FaultyBlockDevice(new ModelBlockDevice(size), 1);
    }
  }

  @Nested
  class FaultyWithDelays implements VirtualFixture, BlockDeviceContract {
    @Override
    public BlockDevice newDevice(long size) {
      FaultyBlockDevice device = new FaultyBlockDevice(new ModelBlockDevice(size), 2);
      device.delay(0, 3_000_000);
      return device;
    }
  }
}
