package io.ubiblk.api;

import java.util.concurrent.CopyOnWriteArraySet;

/** The listeners of a device, for those who implement one. Thread-safe. */
public final class DeviceListeners implements DeviceListener {

  private final CopyOnWriteArraySet<DeviceListener> listeners = new CopyOnWriteArraySet<>();

  /** Creates an empty set. */
  public DeviceListeners() {}

  /**
   * Adds a listener unless it is there.
   *
   * @param listener the listener
   */
  public void add(DeviceListener listener) {
    listeners.add(listener);
  }

  /**
   * Removes a listener if it is there.
   *
   * @param listener the listener
   */
  public void remove(DeviceListener listener) {
    listeners.remove(listener);
  }

  /** Passes the event to every listener. */
  @Override
  public void sizeChanged(long size) {
    listeners.forEach(l -> l.sizeChanged(size));
  }

  /** Passes the event to every listener. */
  @Override
  public void failed(BlockDeviceException cause) {
    listeners.forEach(l -> l.failed(cause));
  }
}
