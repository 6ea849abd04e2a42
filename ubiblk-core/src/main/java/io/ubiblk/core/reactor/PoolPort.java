package io.ubiblk.core.reactor;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.Iovecs;
import io.ubiblk.core.linux.OpenFile;
import java.lang.foreign.Arena;

/** File I/O as operations of the pool, one object for each slot. */
final class PoolPort implements IoPort {

  private final EpollReactor reactor;
  private final PoolOperation[] operations;
  // Freed by the collector: to close a shared arena stops every thread of the process.
  private final IovecPool pool = new IovecPool(Arena.ofAuto());

  PoolPort(EpollReactor reactor, int depth, IoHandler handler) {
    this.reactor = reactor;
    this.operations = new PoolOperation[depth];
    for (int slot = 0; slot < depth; slot++) {
      operations[slot] = new PoolOperation(reactor, pool, handler, slot);
    }
  }

  @Override
  public void read(
      int slot, OpenFile file, long offset, ScatterList list, long position, long length) {
    operations[slot].transfer(
        PoolOperation.Kind.READ, file, offset, iovecs(list, position, length), 0);
    reactor.begin(operations[slot]);
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
    operations[slot].transfer(
        PoolOperation.Kind.WRITE, file, offset, iovecs(list, position, length), flags);
    reactor.begin(operations[slot]);
  }

  @Override
  public void sync(int slot, OpenFile file) {
    operations[slot].control(PoolOperation.Kind.SYNC, file, 0, 0, 0);
    reactor.begin(operations[slot]);
  }

  @Override
  public void allocate(int slot, OpenFile file, int mode, long offset, long length) {
    operations[slot].control(PoolOperation.Kind.ALLOCATE, file, mode, offset, length);
    reactor.begin(operations[slot]);
  }

  @Override
  public void close() {
    // No operation is in flight, and nothing is held.
  }

  private Iovecs iovecs(ScatterList list, long position, long length) {
    Iovecs iovecs = pool.take(list.count());
    iovecs.set(list, position, length);
    return iovecs;
  }
}
