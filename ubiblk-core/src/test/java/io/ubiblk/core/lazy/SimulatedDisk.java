package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.core.reactor.Simulation;
import java.io.IOException;

/**
 * A lazy disk that closes in the one thread of a simulation, by letting the world go on meanwhile.
 */
final class SimulatedDisk extends ForwardingBlockDevice {

  private final LazyDevice lazy;
  private final Simulation world;

  SimulatedDisk(LazyDevice lazy, Simulation world) {
    super(lazy);
    this.lazy = lazy;
    this.world = world;
  }

  LazyDevice lazy() {
    return lazy;
  }

  @Override
  public void resize(long size) throws IOException {
    long present = geometry().size();
    // Changes nothing, and a disk that has been closed says so.
    super.resize(present);
    if (size != present) {
      throw new BlockDeviceException.Unsupported("growing blocks, and a simulation must not");
    }
  }

  @Override
  public void close() throws IOException {
    lazy.close(
        stopped -> {
          while (!stopped.isDone()) {
            if (!world.step()) {
              throw new AssertionError("nothing happens any more, but the disk has not stopped");
            }
          }
        });
  }
}
