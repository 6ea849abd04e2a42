package io.ubiblk.core.memory;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import java.util.EnumSet;
import java.util.Set;

/** What the devices without storage have in common: they hold nothing back and serve at once. */
abstract class VolatileDevice implements BlockDevice {

  private static final Set<Capability> CAPABILITIES =
      Set.copyOf(EnumSet.complementOf(EnumSet.of(Capability.FLUSH)));

  private final OpenChannels channels = new OpenChannels();
  private final DeviceListeners listeners = new DeviceListeners();
  private volatile Geometry geometry;

  VolatileDevice(Geometry geometry) {
    this.geometry = geometry;
  }

  /** Opens a channel that has been counted. */
  abstract BlockChannel open(Reactor reactor, CompletionHandler completions);

  /** Makes room for a size before it becomes visible. */
  abstract void grow(long size) throws BlockDeviceException;

  /** Releases what the device holds. */
  abstract void release();

  @Override
  public final Geometry geometry() {
    return geometry;
  }

  @Override
  public final Set<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public final BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException.Closed {
    channels.opened(this);
    try {
      return open(reactor, completions);
    } catch (RuntimeException | Error e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  @Override
  public final synchronized void resize(long size) throws BlockDeviceException {
    channels.requireOpen(this);
    Geometry present = geometry;
    if (size < present.size()) {
      throw new IllegalArgumentException(
          "new size of " + size + " bytes, expected at least " + present.size());
    }
    Geometry larger = present.withSize(size);
    if (size > present.size()) {
      grow(size);
      geometry = larger;
      listeners.sizeChanged(size);
    }
  }

  @Override
  public final void addListener(DeviceListener listener) {
    listeners.add(listener);
  }

  @Override
  public final void removeListener(DeviceListener listener) {
    listeners.remove(listener);
  }

  @Override
  public final void close() {
    if (channels.close(this)) {
      release();
    }
  }

  final OpenChannels channels() {
    return channels;
  }
}
