package io.ubiblk.testkit;

import io.ubiblk.api.EventLoop;

/** What the contract tests of this module have in common. */
interface VirtualFixture extends BlockDeviceFixture {

  @Override
  default EventLoop newLoop() {
    return new VirtualLoop();
  }

  @Override
  default boolean resizable() {
    return true;
  }
}
