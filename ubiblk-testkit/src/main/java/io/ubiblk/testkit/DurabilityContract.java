package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The part of {@link DecoratorContract} about power cuts. */
public interface DurabilityContract extends DecoratorFixture {

  /**
   * After a power cut at any point, with requests in flight, every block holds its last durable
   * content or one that was written since, over a device that holds writes back until a flush.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void powerCutsLoseNothingDurable() throws Exception {
    cut(ModelOptions.of(innerSize(powerCutSize())));
  }

  /**
   * The same over a device of large blocks, which leaves blocks whole that are larger than a
   * sector.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void powerCutsLeaveLargeBlocksWhole() throws Exception {
    long size = innerSize(powerCutSize());
    cut(ModelOptions.of(size).withGeometry(Geometry.of(size).withBlockSizes(4096, 4096)));
  }

  /**
   * The same over a device that holds nothing back, and over one that knows no forced unit access.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void powerCutsLoseNothingDurableOverSimplerDevices() throws Exception {
    cut(ModelOptions.of(innerSize(powerCutSize())).without(Capability.FLUSH));
    cut(ModelOptions.of(innerSize(powerCutSize())).without(Capability.FUA));
  }

  private void cut(ModelOptions options) throws Exception {
    Seeds.check(
        random -> {
          try (PowerCuts cuts = new PowerCuts(this, this::openAgain)) {
            // Formatted once: what survives a power cut must not be formatted again.
            cuts.formattedBy(this::format).run(powerCuts(), List.of(options), random);
          }
        });
  }

  private BlockDevice openAgain(List<CrashingBlockDevice> disks) throws Exception {
    BlockDevice device = decorate(disks.getFirst());
    assumeTrue(device.capabilities().contains(Capability.WRITE), "read-only");
    return device;
  }
}
