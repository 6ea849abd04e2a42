package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Devices that lie about themselves, grow wrongly, or mind no threads. */
final class PropertyMutants {

  private static final String GROWN = "grownDeviceServesTheNewRange";
  private static final String EXTENTS = "extentsCoverTheRangeAndTellTheTruth";

  private PropertyMutants() {}

  static List<Mutant> all() {
    return List.of(
        Mutant.ofDevice(
            "hands out a set that can be changed",
            model ->
                new Mutant.Device(model) {
                  @Override
                  public Set<Capability> capabilities() {
                    return EnumSet.copyOf(model.capabilities());
                  }
                },
            "geometryAndCapabilitiesStayTheSame"),
        Mutant.ofDevice(
            "changes its geometry in use",
            model ->
                new Mutant.Device(model) {
                  private int calls;

                  @Override
                  public Geometry geometry() {
                    return model.geometry().withOptimalTransfer(++calls > 8 ? 4096 : 0);
                  }
                },
            "geometryAndCapabilitiesStayTheSame"),
        Mutant.ofDevice(
            "offers less on other threads",
            model -> {
              Thread first = Thread.currentThread();
              return new Mutant.Device(model) {
                @Override
                public Set<Capability> capabilities() {
                  return Thread.currentThread().equals(first) ? model.capabilities() : Set.of();
                }
              };
            },
            "propertiesAreTheSameOnEveryThread"),
        Mutant.ofChannel(
            "minds no threads",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public void submit() {
                    if (reactor.inReactor()) {
                      super.submit();
                    }
                  }
                },
            "wrongThreadsAreRefused"),
        resizing(
            "tells listeners of no change",
            (device, model, size) -> {
              model.resize(size);
              device.listeners.sizeChanged(size);
            },
            "resizingToThePresentSizeChangesNothing"),
        resizing(
            "takes any size",
            (_, model, size) -> model.resize(Math.max(size & -512, model.geometry().size())),
            "impossibleSizesAreRefused"),
        resizing(
            "refuses with a strange exception",
            (_, model, size) -> {
              if (size < model.geometry().size()) {
                throw new IOException("too small");
              }
              model.resize(size);
            },
            "impossibleSizesAreRefused"),
        resizing("does not grow", (_, _, _) -> {}, GROWN, "impossibleSizesAreRefused"),
        resizing(
            "tells listeners twice",
            (device, model, size) -> {
              model.resize(size);
              device.listeners.sizeChanged(size);
              device.listeners.sizeChanged(size);
            },
            GROWN),
        resizing("tells nobody", (_, model, size) -> model.resize(size), GROWN),
        resizing(
            "tells listeners before it has grown",
            (device, model, size) -> {
              device.listeners.sizeChanged(size);
              model.resize(size);
            },
            GROWN),
        resizing(
            "grows with content in the new range",
            (device, model, size) -> {
              long old = model.geometry().size();
              model.resize(size);
              model.poke(old + 4096, new byte[] {1});
              device.listeners.sizeChanged(size);
            },
            GROWN,
            "growingGoesOnBesideRequestsInFlight"),
        resizing(
            "loses content when it grows",
            (device, model, size) -> {
              model.resize(size);
              model.poke(4096, new byte[] {1});
              device.listeners.sizeChanged(size);
            },
            GROWN),
        Mutant.ofDevice(
            "fails requests in flight when it grows",
            FailingWhenGrowing::new,
            "growingGoesOnBesideRequestsInFlight"),
        extents("leaves a gap", (_, offset, length, v) -> v.extent(offset, length - 1, 0), EXTENTS),
        extents(
            "reports extents twice",
            (model, offset, length, v) -> {
              v.extent(offset, length, 0);
              model.extents(offset, length, v);
            },
            EXTENTS),
        extents(
            "calls everything zeros",
            (_, offset, length, v) -> {
              if (length > 0) {
                v.extent(offset, length, ExtentVisitor.ZERO);
              }
            },
            EXTENTS),
        extents(
            "does not listen to the visitor",
            (model, offset, length, v) ->
                model.extents(
                    offset,
                    length,
                    (at, bytes, flags) -> {
                      v.extent(at, bytes, flags);
                      return true;
                    }),
            "visitorOfExtentsMayStop"),
        extents(
            "has extents anywhere",
            (_, offset, length, v) -> {
              if (length > 0) {
                v.extent(offset, length, 0);
              }
            },
            "extentsOutsideTheDeviceAreRefused"));
  }

  private interface Resizing {
    void resize(GrowingDevice device, ModelBlockDevice model, long size) throws IOException;
  }

  private static Mutant resizing(String rule, Resizing resizing, String... killers) {
    return Mutant.ofDevice(rule, model -> new GrowingDevice(model, resizing), killers);
  }

  private static final class GrowingDevice extends Mutant.Device {
    private final DeviceListeners listeners = new DeviceListeners();
    private final Resizing resizing;

    GrowingDevice(ModelBlockDevice model, Resizing resizing) {
      super(model);
      this.resizing = resizing;
    }

    @Override
    public void resize(long size) throws IOException {
      resizing.resize(this, model, size);
    }

    @Override
    public void addListener(DeviceListener listener) {
      listeners.add(listener);
    }

    @Override
    public void removeListener(DeviceListener listener) {
      listeners.remove(listener);
    }
  }

  private static final class FailingWhenGrowing extends Mutant.Device {
    private boolean grown;

    FailingWhenGrowing(ModelBlockDevice model) {
      super(model);
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      return super.openChannel(
          reactor, depth, (tag, status) -> completions.completed(tag, grown ? Status.EIO : status));
    }

    @Override
    public void resize(long size) throws BlockDeviceException {
      grown = true;
      model.resize(size);
    }
  }

  private interface Extents {
    void report(BlockDevice model, long offset, long length, ExtentVisitor visitor)
        throws IOException;
  }

  private static Mutant extents(String rule, Extents extents, String... killers) {
    return Mutant.ofDevice(
        rule,
        model ->
            new Mutant.Device(model) {
              @Override
              public void extents(long offset, long length, ExtentVisitor visitor)
                  throws IOException {
                extents.report(model, offset, length, visitor);
              }
            },
        killers);
  }
}
