package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;

/** Reactors with threads of their own, for the work on stripes. They last as long as the JVM. */
final class Homes {

  private static final ReactorGroup RING = start(ReactorOptions.Kind.RING);
  private static final ReactorGroup EPOLL = start(ReactorOptions.Kind.EPOLL);

  private Homes() {}

  static Reactor ring() {
    return RING.next();
  }

  static Reactor epoll() {
    return EPOLL.next();
  }

  private static ReactorGroup start(ReactorOptions.Kind kind) {
    try {
      return ReactorGroup.start(ReactorOptions.of(2).withKind(kind));
    } catch (BlockDeviceException e) {
      throw new AssertionError(e);
    }
  }
}
