package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.reactor.ReactorOptions;

/** Loops for tests that drive them themselves. */
final class Loops {

  private Loops() {}

  static EventLoop ring() throws BlockDeviceException {
    return ReactorOptions.of(1).withKind(ReactorOptions.Kind.RING).openLoop();
  }
}
