package io.ubiblk.core;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.core.reactor.Simulation;

/** Loops of every kind, for tests that drive them themselves. */
public final class Loops {

  private Loops() {}

  public static EventLoop ring() throws BlockDeviceException {
    return ReactorOptions.of(1).withKind(ReactorOptions.Kind.RING).openLoop();
  }

  public static EventLoop epoll() throws BlockDeviceException {
    return ReactorOptions.of(1).withKind(ReactorOptions.Kind.EPOLL).openLoop();
  }

  public static EventLoop simulated(long seed) {
    return new Simulation(seed).newReactor();
  }
}
