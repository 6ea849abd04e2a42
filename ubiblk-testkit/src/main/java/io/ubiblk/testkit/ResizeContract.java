package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} about growing. */
public interface ResizeContract extends BlockDeviceFixture {

  /**
   * Resizing to the present size changes nothing and tells nobody, on every device.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void resizingToThePresentSizeChangesNothing() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      Sizes heard = new Sizes(rig.device());
      Geometry before = rig.geometry();
      rig.driver().run(() -> rig.device().resize(rig.size()));
      assertEquals(before, rig.geometry());
      assertEquals(List.of(), heard.sizes);
      rig.expectBase(rig.channel(1), 0, rig.size());
    }
  }

  /**
   * A size that is smaller or misaligned is refused, and one that a device cannot grow to; the size
   * stays as it is.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void impossibleSizesAreRefused() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      Sizes heard = new Sizes(rig.device());
      long size = rig.size();
      long[] impossible = {
        size - rig.block(), 0, -rig.block(), Long.MIN_VALUE, size + 1, size + rig.block() / 2
      };
      for (long wrong : impossible) {
        Exception refusal =
            assertThrows(
                Exception.class,
                () -> rig.driver().run(() -> rig.device().resize(wrong)),
                () -> "resize to " + wrong);
        boolean unsupported = !resizable() && refusal instanceof BlockDeviceException.Unsupported;
        assertEquals(
            true, unsupported || refusal instanceof IllegalArgumentException, refusal::toString);
      }
      if (!resizable()) {
        assertThrows(
            BlockDeviceException.Unsupported.class,
            () -> rig.driver().run(() -> rig.device().resize(2 * size)),
            "resizable() says that the device does not grow");
      }
      assertEquals(size, rig.size());
      assertEquals(List.of(), heard.sizes);
      rig.expectBase(rig.channel(1), 0, size);
    }
  }

  /**
   * A device that has grown tells its listeners once, shows the new size by then, and serves the
   * new range through channels old and new: what the fixture says at first, zeros as a rule, then
   * what is written. Nothing else has changed.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void grownDeviceServesTheNewRange() throws Exception {
    assumeTrue(resizable(), "does not grow");
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      long size = rig.size();
      Geometry before = rig.geometry();
      if (rig.can(Capability.WRITE)) {
        rig.fill(channel, 0, size, 1);
      }
      assertEquals(Status.EINVAL, channel.read(size, rig.memory(rig.block())));
      Sizes heard = new Sizes(rig.device());
      rig.device().addListener(heard);
      Sizes deaf = new Sizes(rig.device());
      rig.device().removeListener(deaf);
      rig.driver().run(() -> rig.device().resize(2 * size));
      assertEquals(before.withSize(2 * size), rig.geometry());
      assertEquals(List.of(2 * size), heard.sizes, "what a listener heard");
      assertEquals(List.of(2 * size), heard.seen, "what a listener saw");
      assertEquals(List.of(), deaf.sizes);
      for (ChannelDriver each : List.of(channel, rig.channel(1))) {
        rig.expectGrown(each, size, size);
        assertEquals(Status.EINVAL, each.read(2 * size, rig.memory(rig.block())));
      }
      if (rig.can(Capability.WRITE)) {
        rig.expect(channel, 0, size, 1);
        long edge = size - rig.block();
        rig.fill(channel, edge, 2L * rig.block(), 2);
        rig.fill(channel, 2 * size - rig.block(), rig.block(), 2);
        rig.expect(channel, edge, 2L * rig.block(), 2);
        rig.expect(channel, 2 * size - rig.block(), rig.block(), 2);
        rig.expect(channel, 0, edge, 1);
      } else {
        rig.expectBase(channel, 0, size);
      }
      assertEquals(List.of(2 * size), heard.sizes, "what a listener heard");
    }
  }

  /**
   * Growing does not disturb requests in flight.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void growingGoesOnBesideRequestsInFlight() throws Exception {
    assumeTrue(resizable(), "does not grow");
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(16);
      List<ScatterList> data = rig.blocks(16);
      long size = rig.size();
      List<IoRequest> requests = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        long offset = size - (long) (i + 1) * rig.block();
        requests.add(channel.issue(IoRequest.read(offset, data.get(i))));
        if (i == 7) {
          channel.submit();
        }
      }
      rig.driver().run(() -> rig.device().resize(2 * size));
      channel.submit();
      channel.awaitAll();
      requests.forEach(request -> assertEquals(Status.OK, request.status(), request::toString));
      rig.expectBase(channel, 0, size);
      rig.expectGrown(channel, size, size);
    }
  }

  /** Remembers what it was told, and what the device showed at that time. */
  final class Sizes implements DeviceListener {

    private final BlockDevice device;
    private final List<Long> sizes = new CopyOnWriteArrayList<>();
    private final List<Long> seen = new CopyOnWriteArrayList<>();

    private Sizes(BlockDevice device) {
      this.device = device;
      device.addListener(this);
    }

    @Override
    public void sizeChanged(long size) {
      sizes.add(size);
      seen.add(device.geometry().size());
    }
  }
}
