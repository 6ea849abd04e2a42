package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The part of {@link DecoratorContract} about being one layer of several. */
public interface LayerContract extends DecoratorFixture {

  /**
   * Over a device of any capabilities the decorator offers the same or fewer, but for those that it
   * implements itself.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void capabilitiesAreNeverWidened() throws Exception {
    List<Capability> all = List.of(Capability.values());
    for (int bits = 0; bits < 1 << all.size(); bits++) {
      Set<Capability> below = EnumSet.noneOf(Capability.class);
      for (int i = 0; i < all.size(); i++) {
        if ((bits & 1 << i) != 0) {
          below.add(all.get(i));
        }
      }
      ModelOptions options = ModelOptions.of(innerSize(testSize())).withCapabilities(below);
      wrap(
          new ClosingProbe(newInner(options)),
          rig -> {
            Set<Capability> widened = EnumSet.noneOf(Capability.class);
            widened.addAll(rig.device().capabilities());
            widened.removeAll(below);
            widened.removeAll(ownCapabilities());
            assertEquals(Set.of(), widened, () -> "offered over a device with " + below);
          });
    }
  }

  /**
   * {@code toString()} shows the device below.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void textShowsTheChain() throws Exception {
    ModelBlockDevice inner = newInner(ModelOptions.of(innerSize(testSize())));
    wrap(
        new ClosingProbe(inner),
        rig ->
            assertTrue(
                rig.device().toString().contains("ClosingProbe(" + inner + ")"),
                () -> rig.device() + " does not show what is below"));
  }

  /**
   * Closing closes the device below, once, and not before the channels are closed.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingClosesTheDeviceBelowOnce() throws Exception {
    ClosingProbe inner = new ClosingProbe(newInner(ModelOptions.of(innerSize(testSize()))));
    wrap(
        inner,
        rig -> {
          ChannelDriver channel = rig.channel(2);
          assertThrows(IllegalStateException.class, () -> rig.driver().run(rig.device()::close));
          assertEquals(0, inner.closes(), "closed below though closing was refused");
          assertEquals(Status.OK, channel.flush());
          channel.close();
          rig.driver().run(rig.device()::close);
          assertEquals(1, inner.closes(), "times that the device below was closed");
        });
  }

  /**
   * The device below is closed also if closing fails, the failure is reported, and everything is
   * closed all the same.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void failureToCloseIsReportedAndClosesAllTheSame() throws Exception {
    ModelOptions options = ModelOptions.of(innerSize(testSize()));
    ClosingProbe inner = new ClosingProbe(newInner(options)).failingToClose();
    BlockDevice device = decorate(inner);
    LoopDriver driver = LoopDriver.open(this);
    ChannelDriver channel = ChannelDriver.open(device, driver, 1);
    channel.close();
    assertThrows(IOException.class, () -> driver.run(device::close), "close hides a failure");
    assertEquals(1, inner.closes(), "times that the device below was closed");
    assertThrows(BlockDeviceException.Closed.class, () -> ChannelDriver.open(device, driver, 1));
    driver.loop().close();
  }

  /**
   * The device below is closed once also if it fails every request, so that whatever the decorator
   * has to do at the end fails.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingClosesTheDeviceBelowThoughItFailsEverything() throws Exception {
    ModelOptions options = ModelOptions.of(innerSize(testSize()));
    FaultyBlockDevice faulty = new FaultyBlockDevice(newInner(options), 1);
    ClosingProbe inner = new ClosingProbe(faulty);
    BlockDevice device = decorate(inner);
    LoopDriver driver = LoopDriver.open(this);
    ChannelDriver channel = ChannelDriver.open(device, driver, 4);
    if (device.capabilities().contains(Capability.WRITE)) {
      try (Arena arena = Arena.ofShared()) {
        assertEquals(
            Status.OK, channel.write(0, arena.allocate(device.geometry().logicalBlockSize())));
      }
    }
    faulty.failWhen(_ -> true, Status.EIO);
    channel.close();
    try {
      driver.run(device::close);
    } catch (IOException e) {
      // Allowed: there was nothing that could be done.
    }
    assertEquals(1, inner.closes(), "times that the device below was closed");
    driver.loop().close();
  }

  /**
   * Wrapping a device that is not fit for it either works or throws; if it throws, the device has
   * not been closed.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void wrappingThatFailsClosesNothing() throws Exception {
    long size = innerSize(testSize());
    List<ClosingProbe> unfit = new ArrayList<>();
    unfit.add(new ClosingProbe(new ModelBlockDevice(0)));
    unfit.add(new ClosingProbe(new ModelBlockDevice(512)));
    unfit.add(new ClosingProbe(new ModelBlockDevice(size + 512)));
    unfit.add(new ClosingProbe(new ModelBlockDevice(size)).failingToOpen());
    unfit.add(new ClosingProbe(newInner(ModelOptions.of(size).withCapabilities(Set.of()))));
    Geometry large = Geometry.of(size).withBlockSizes(65536, 65536).withMaxTransfer(65536);
    unfit.add(new ClosingProbe(new ModelBlockDevice(ModelOptions.of(size).withGeometry(large))));
    FaultyBlockDevice failing = new FaultyBlockDevice(new ModelBlockDevice(size), 1);
    failing.failWhen(_ -> true, Status.EIO);
    unfit.add(new ClosingProbe(failing));
    for (ClosingProbe inner : unfit) {
      wrap(inner, _ -> {});
    }
  }

  /**
   * Events of the device below reach the listeners: that it has failed, and that it has grown if
   * the decorator grows with it.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void eventsOfTheDeviceBelowTravelUp() throws Exception {
    long size = innerSize(testSize());
    ClosingProbe inner = new ClosingProbe(newInner(ModelOptions.of(size)));
    wrap(
        inner,
        rig -> {
          List<Object> heard = new CopyOnWriteArrayList<>();
          DeviceListener listener =
              new DeviceListener() {
                @Override
                public void sizeChanged(long bytes) {
                  heard.add(bytes);
                  heard.add(rig.size());
                }

                @Override
                public void failed(BlockDeviceException cause) {
                  heard.add(cause);
                }
              };
          rig.device().addListener(listener);
          BlockDeviceException cause = new BlockDeviceException.Failed("on purpose", inner(inner));
          inner.listeners().forEach(each -> each.failed(cause));
          rig.driver().until(() -> !heard.isEmpty(), () -> "the failure of the device below");
          assertEquals(List.of(cause), heard);
          heard.clear();
          long before = rig.size();
          rig.driver().run(() -> inner.resize(2 * size));
          rig.driver().settle();
          if (rig.size() != before) {
            assertEquals(List.of(rig.size(), rig.size()), heard, "what a listener heard and saw");
          }
          rig.device().removeListener(listener);
          heard.clear();
          inner.listeners().forEach(each -> each.failed(cause));
          rig.driver().settle();
          assertEquals(List.of(), heard, "heard by a listener that was removed");
        });
  }

  private static Throwable inner(ClosingProbe probe) {
    return new IOException(probe + " has failed");
  }

  /** Something to do with a decorator. */
  @FunctionalInterface
  interface Use {

    /**
     * Does it.
     *
     * @param rig a rig around the decorator
     * @throws Exception if the test fails
     */
    void use(DeviceRig rig) throws Exception;
  }

  private void wrap(ClosingProbe inner, Use use) throws Exception {
    BlockDevice device;
    try {
      device = decorate(inner);
    } catch (IOException | RuntimeException e) {
      assertEquals(0, inner.closes(), () -> "closed by what failed with " + e);
      inner.close();
      return;
    }
    try (DeviceRig rig = DeviceRig.around(this, device)) {
      use.use(rig);
    }
    assertTrue(inner.closes() > 0, () -> device + " was closed and left " + inner + " open");
  }
}
