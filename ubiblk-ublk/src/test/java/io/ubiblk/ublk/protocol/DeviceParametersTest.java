package io.ubiblk.ublk.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.memory.MemoryDevice;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeviceParametersTest {

  private static final int PAGE = 4096;
  private static final int TRANSFER = 1 << 19;
  private static final Geometry GEOMETRY = Geometry.of(1 << 30).withBlockSizes(512, 4096);
  private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);

  private static BlockDevice device(Geometry geometry, Set<Capability> capabilities) {
    return new ForwardingBlockDevice(new MemoryDevice(4096)) {
      @Override
      public Geometry geometry() {
        return geometry;
      }

      @Override
      public Set<Capability> capabilities() {
        return capabilities;
      }
    };
  }

  private static DeviceParameters of(Geometry geometry, Set<Capability> capabilities)
      throws Exception {
    return DeviceParameters.of(device(geometry, capabilities), TRANSFER, PAGE);
  }

  private static Set<Capability> without(Capability missing) {
    EnumSet<Capability> some = EnumSet.copyOf(ALL);
    some.remove(missing);
    return some;
  }

  @Test
  void sizesAreThoseOfTheGeometry() throws Exception {
    DeviceParameters p = of(GEOMETRY, ALL);
    assertEquals(9, p.logicalShift());
    assertEquals(12, p.physicalShift());
    assertEquals(12, p.optimalShift());
    assertEquals(1 << 21, p.sectors());
    assertEquals(1 << 30, p.bytes());
    assertEquals(TRANSFER / 512, p.maxSectors());
  }

  @Test
  void optimalTransferIsRoundedToAPowerOfTwo() throws Exception {
    assertEquals(20, of(GEOMETRY.withOptimalTransfer(1 << 20), ALL).optimalShift());
    assertEquals(16, of(GEOMETRY.withOptimalTransfer(3 << 16), ALL).optimalShift());
  }

  @Test
  void requestsAreNoLargerThanTheDeviceTakes() throws Exception {
    assertEquals(16, of(GEOMETRY.withMaxTransfer(8192), ALL).maxSectors());
    // Not in the middle of a block.
    Geometry large = Geometry.of(1 << 20).withBlockSizes(4096, 4096).withMaxTransfer(12288);
    assertEquals(24, DeviceParameters.of(device(large, ALL), 16384, PAGE).maxSectors());
  }

  @Test
  void attributesFollowTheCapabilities() throws Exception {
    int cached = DeviceParameters.VOLATILE_CACHE;
    assertEquals(cached | DeviceParameters.FUA, of(GEOMETRY, ALL).attributes());
    assertEquals(cached, of(GEOMETRY, without(Capability.FUA)).attributes());
    assertEquals(0, of(GEOMETRY, without(Capability.FLUSH)).attributes());
    assertEquals(DeviceParameters.READ_ONLY, of(GEOMETRY, Set.of()).attributes());
  }

  @Test
  void rangesFollowTheCapabilities() throws Exception {
    DeviceParameters all = of(GEOMETRY.withDiscardGranularity(1 << 16), ALL);
    assertEquals(1 << 16, all.discardGranularity());
    assertTrue(all.maxDiscardSectors() > 0);
    assertEquals(all.maxDiscardSectors(), all.maxZeroSectors());
    DeviceParameters zeroes = of(GEOMETRY, without(Capability.DISCARD));
    assertEquals(0, zeroes.maxDiscardSectors());
    assertTrue(zeroes.maxZeroSectors() > 0);
    assertEquals(512, zeroes.discardGranularity());
    DeviceParameters readOnly = of(GEOMETRY, without(Capability.WRITE));
    assertEquals(0, readOnly.maxDiscardSectors());
    assertEquals(0, readOnly.maxZeroSectors());
    assertEquals(0, readOnly.discardGranularity());
  }

  @Test
  void longestRangeIsAWholeNumberOfSectorsInBytesOf32Bits() throws Exception {
    long bytes = of(GEOMETRY, ALL).maxDiscardSectors() * 512L;
    assertTrue(bytes <= Integer.MAX_VALUE, bytes + " bytes");
  }

  @Test
  void devicesThatTheKernelCannotHaveAreRefused() {
    Geometry wide = Geometry.of(1 << 20).withBlockSizes(8192, 8192);
    assertThrows(BlockDeviceException.Unsupported.class, () -> of(wide, ALL));
    Geometry narrow = GEOMETRY.withMaxTransfer(2048);
    assertThrows(BlockDeviceException.Unsupported.class, () -> of(narrow, ALL));
  }
}
