package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} about what a device says about itself. */
public interface PropertiesContract extends BlockDeviceFixture {

  /**
   * Geometry and capabilities stay the same through use, and nobody can change the set.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void geometryAndCapabilitiesStayTheSame() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      Geometry geometry = rig.geometry();
      Set<Capability> capabilities = rig.device().capabilities();
      Set<Capability> before = Set.copyOf(capabilities);
      for (Capability capability : EnumSet.allOf(Capability.class)) {
        assertThrows(
            UnsupportedOperationException.class,
            () -> rig.device().capabilities().add(capability),
            "capabilities() hands out a set that can be changed");
      }
      ChannelDriver channel = rig.channel(2);
      if (rig.can(Capability.WRITE)) {
        rig.fill(channel, 0, rig.size(), 1);
      } else {
        rig.expectBase(channel, 0, rig.size());
      }
      channel.close();
      assertEquals(geometry, rig.geometry());
      assertEquals(before, rig.device().capabilities());
      assertEquals(before, capabilities);
    }
  }

  /**
   * The extents of any range follow each other without gaps from its start to its end, and those
   * that are said to be zeros are; on a fresh device, after writes, and after zeroing.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void extentsCoverTheRangeAndTellTheTruth() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      checkExtents(rig, channel);
      if (rig.can(Capability.WRITE)) {
        for (long at = 0; at < rig.size(); at += rig.size() / 16) {
          rig.fill(channel, at - at % rig.block(), 2L * rig.block(), 1);
        }
        checkExtents(rig, channel);
        if (rig.can(Capability.WRITE_ZEROES)) {
          channel.writeZeroes(0, rig.size() / 2 / rig.block() * rig.block(), 0);
          checkExtents(rig, channel);
        }
        if (rig.can(Capability.DISCARD)) {
          channel.discard(0, rig.size());
          checkExtents(rig, channel);
        }
        rig.fill(channel, 0, rig.size(), 2);
        checkExtents(rig, channel);
      }
    }
  }

  private static void checkExtents(DeviceRig rig, ChannelDriver channel) throws Exception {
    long size = rig.size();
    long[][] ranges = {
      {0, size}, {0, 1}, {size - 1, 1}, {1, 3}, {size / 2, size / 2}, {rig.block() - 1, size / 3}
    };
    for (long[] range : ranges) {
      for (Extent extent : extents(rig, range[0], range[1], Integer.MAX_VALUE)) {
        if ((extent.flags & ExtentVisitor.ZERO) != 0) {
          long from = extent.offset / rig.block() * rig.block();
          long to = (extent.end() + rig.block() - 1) / rig.block() * rig.block();
          rig.forEachPart(
              channel,
              from,
              to - from,
              (at, content) -> {
                long first = Math.max(at, extent.offset);
                long last = Math.min(at + content.byteSize(), extent.end());
                assertTrue(
                    Patterns.isZero(content, first - at, last - first),
                    () -> extent + " is said to be zeros and is not");
              });
        }
      }
    }
  }

  /** Collects the extents of a range and checks that they follow each other. */
  private static List<Extent> extents(DeviceRig rig, long offset, long length, int most)
      throws Exception {
    List<Extent> extents = new ArrayList<>();
    rig.driver()
        .run(
            () ->
                rig.device()
                    .extents(
                        offset,
                        length,
                        (at, bytes, flags) -> {
                          extents.add(new Extent(at, bytes, flags));
                          return extents.size() < most;
                        }));
    long next = offset;
    for (Extent extent : extents) {
      assertEquals(next, extent.offset, () -> "gap or overlap before " + extent);
      assertTrue(extent.length >= 1, () -> "empty " + extent);
      assertEquals(0, extent.flags & ~(ExtentVisitor.HOLE | ExtentVisitor.ZERO), extent::toString);
      next = extent.end();
    }
    if (extents.size() < most) {
      assertEquals(offset + length, next, "end of the extents of %d+%d".formatted(offset, length));
    }
    return extents;
  }

  /**
   * A visitor that has had enough is not called again.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void visitorOfExtentsMayStop() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      if (rig.can(Capability.WRITE)) {
        for (long at = 0; at < rig.size(); at += rig.size() / 8) {
          rig.fill(channel, at - at % rig.block(), rig.block(), 1);
        }
      }
      assertEquals(1, extents(rig, 0, rig.size(), 1).size());
      assertTrue(extents(rig, 0, rig.size(), 2).size() <= 2);
    }
  }

  /**
   * Extents outside the device are refused with an {@link IllegalArgumentException} or an {@link
   * IndexOutOfBoundsException}, and an empty range has none.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void extentsOutsideTheDeviceAreRefused() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      long size = rig.size();
      long[][] outside = {
        {0, size + 1},
        {size, 1},
        {size + 1, 0},
        {-1, 1},
        {-1, 2},
        {1, -1},
        {Long.MAX_VALUE, 1},
        {1, Long.MAX_VALUE},
        {Long.MAX_VALUE, Long.MAX_VALUE},
        {Long.MIN_VALUE, Long.MIN_VALUE}
      };
      for (long[] range : outside) {
        RuntimeException refusal =
            assertThrows(
                RuntimeException.class,
                () -> extents(rig, range[0], range[1], Integer.MAX_VALUE),
                () -> "extents of %d+%d of %d bytes".formatted(range[0], range[1], size));
        assertTrue(
            refusal instanceof IllegalArgumentException
                || refusal instanceof IndexOutOfBoundsException,
            refusal::toString);
      }
      assertEquals(List.of(), extents(rig, 0, 0, Integer.MAX_VALUE));
      assertEquals(List.of(), extents(rig, size, 0, Integer.MAX_VALUE));
    }
  }

  /**
   * One extent, as it was reported.
   *
   * @param offset first byte
   * @param length length in bytes
   * @param flags flags of {@link ExtentVisitor}
   */
  record Extent(long offset, long length, int flags) {

    /** {@return the first byte behind the extent} */
    long end() {
      return offset + length;
    }
  }
}
