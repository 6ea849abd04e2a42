package io.ubiblk.core.reactor;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.Iovecs;
import io.ubiblk.core.linux.OpenFile;
import java.lang.foreign.Arena;
import java.util.function.IntSupplier;

/** File I/O that really happens, at a simulated moment. */
final class SimulatedPort implements IoPort {

  private static final int OPERATION_NANOS = 200_000;

  private final Simulation simulation;
  private final SimulatedReactor reactor;
  private final IoHandler handler;

  SimulatedPort(Simulation simulation, SimulatedReactor reactor, IoHandler handler) {
    this.simulation = simulation;
    this.reactor = reactor;
    this.handler = handler;
  }

  @Override
  public void read(
      int slot, OpenFile file, long offset, ScatterList list, long position, long length) {
    issue(
        slot,
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            return (int) file.readVector(offset, iovecs(arena, list, position, length));
          }
        });
  }

  @Override
  public void write(
      int slot,
      OpenFile file,
      long offset,
      ScatterList list,
      long position,
      long length,
      int flags) {
    issue(
        slot,
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            return (int) file.writeVector(offset, iovecs(arena, list, position, length), flags);
          }
        });
  }

  @Override
  public void sync(int slot, OpenFile file) {
    issue(slot, file::syncData);
  }

  @Override
  public void allocate(int slot, OpenFile file, int mode, long offset, long length) {
    issue(slot, () -> file.allocate(mode, offset, length));
  }

  @Override
  public void close() {}

  private void issue(int slot, IntSupplier operation) {
    // Done at one moment, reported at a later one.
    simulation.later(
        OPERATION_NANOS,
        reactor,
        () -> {
          int result = operation.getAsInt();
          simulation.handOver(reactor, () -> handler.completed(slot, result));
        });
  }

  private static Iovecs iovecs(Arena arena, ScatterList list, long position, long length) {
    Iovecs iovecs = new Iovecs(arena, list.count());
    iovecs.set(list, position, length);
    return iovecs;
  }
}
