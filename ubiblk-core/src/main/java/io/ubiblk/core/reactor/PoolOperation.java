package io.ubiblk.core.reactor;

import io.ubiblk.api.Status;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.linux.Iovecs;
import io.ubiblk.core.linux.OpenFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One operation of a {@link PoolPort}, filled by the reactor's thread, run by a thread of the pool
 * and delivered by the reactor's thread again. The queues in between order the plain fields.
 */
final class PoolOperation implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(PoolOperation.class);

  enum Kind {
    READ,
    WRITE,
    SYNC,
    ALLOCATE
  }

  private final EpollReactor reactor;
  private final IovecPool pool;
  private final IoHandler handler;
  private final int slot;
  private Kind kind = Kind.SYNC;
  private @Nullable OpenFile file;
  private @Nullable Iovecs iovecs;
  private long offset;
  private long length;
  private int flags;
  private int result;

  PoolOperation(EpollReactor reactor, IovecPool pool, IoHandler handler, int slot) {
    this.reactor = reactor;
    this.pool = pool;
    this.handler = handler;
    this.slot = slot;
  }

  void transfer(Kind newKind, OpenFile newFile, long newOffset, Iovecs memory, int newFlags) {
    kind = newKind;
    file = newFile;
    offset = newOffset;
    iovecs = memory;
    flags = newFlags;
  }

  void control(Kind newKind, OpenFile newFile, int mode, long newOffset, long newLength) {
    kind = newKind;
    file = newFile;
    flags = mode;
    offset = newOffset;
    length = newLength;
  }

  @Override
  public void run() {
    try {
      result = perform();
    } catch (RuntimeException | Error e) {
      // Whoever waits for the operation would wait for ever.
      LOG.error("operation on a file has failed", e);
      result = -Status.EIO;
    }
    reactor.finished(this);
  }

  private int perform() {
    OpenFile target = file;
    Iovecs memory = iovecs;
    assert target != null;
    return switch (kind) {
      case READ -> (int) target.readVector(offset, required(memory));
      case WRITE -> (int) target.writeVector(offset, required(memory), flags);
      case SYNC -> target.syncData();
      case ALLOCATE -> target.allocate(flags, offset, length);
    };
  }

  void deliver() {
    if (iovecs != null) {
      pool.give(iovecs);
      iovecs = null;
    }
    file = null;
    handler.completed(slot, result);
  }

  private static Iovecs required(@Nullable Iovecs memory) {
    assert memory != null;
    return memory;
  }
}
