package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.testkit.ModelOptions.Discards;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Nested;

class ModelBlockDeviceContractTest {

  interface Model extends VirtualFixture, BlockDeviceContract {
    ModelOptions options(long size);

    @Override
    default BlockDevice newDevice(long size) {
      return new ModelBlockDevice(options(size));
    }
  }

  @Nested
  class Plain implements Model {
    @Override
    public ModelOptions options(long size) {
      return ModelOptions.of(size);
    }
  }

  @Nested
  class LargeBlocksAndShortTransfers implements Model {
    @Override
    public ModelOptions options(long size) {
      return ModelOptions.of(size)
          .withGeometry(
              Geometry.of(size)
                  .withBlockSizes(4096, 16384)
                  .withMaxTransfer(5 * 4096)
                  .withOptimalTransfer(3 * 4096)
                  .withDiscardGranularity(65536))
          .withDiscards(Discards.ZERO)
          .withSeed(17);
    }
  }

  @Nested
  class TransfersOfOneBlock implements Model {
    @Override
    public ModelOptions options(long size) {
      return ModelOptions.of(size)
          .withGeometry(Geometry.of(size).withMaxTransfer(512))
          .withDiscards(Discards.KEEP);
    }

    @Override
    public long testSize() {
      return 65536;
    }
  }

  @Nested
  class Bare implements Model {
    @Override
    public ModelOptions options(long size) {
      return ModelOptions.of(size).withCapabilities(Set.of(Capability.WRITE)).withResizable(false);
    }

    @Override
    public boolean resizable() {
      return false;
    }
  }

  @Nested
  class ReadOnlyWithContent implements Model {
    @Override
    public ModelOptions options(long size) {
      EnumSet<Capability> all = EnumSet.allOf(Capability.class);
      all.remove(Capability.WRITE);
      return ModelOptions.of(size).withCapabilities(all);
    }

    @Override
    public BlockDevice newDevice(long size) {
      ModelBlockDevice device = new ModelBlockDevice(options(size));
      device.poke(0, Patterns.bytes(0, (int) size, 9));
      return device;
    }

    @Override
    public void baseContent(long offset, MemorySegment dst) {
      Patterns.fill(dst, 0, dst.byteSize(), offset, 9);
    }
  }

  @Nested
  class WritableWithContent extends ReadOnlyWithContent {
    @Override
    public ModelOptions options(long size) {
      return ModelOptions.of(size).without(Capability.FUA).withSeed(3);
    }
  }
}
