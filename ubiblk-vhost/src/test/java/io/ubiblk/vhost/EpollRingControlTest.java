package io.ubiblk.vhost;

import io.ubiblk.core.reactor.ReactorOptions;

/** The same on reactors without io_uring. */
class EpollRingControlTest extends RingControlTest {

  @Override
  ReactorOptions.Kind kind() {
    return ReactorOptions.Kind.EPOLL;
  }
}
