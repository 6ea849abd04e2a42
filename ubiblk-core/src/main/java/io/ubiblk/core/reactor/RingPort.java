package io.ubiblk.core.reactor;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.Iovecs;
import io.ubiblk.core.linux.OpenFile;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** File I/O as operations of the ring. */
final class RingPort implements IoPort, RingReactor.Consumer {

  private static final long MAX_LENGTH = 0x7ffff000L; // MAX_RW_COUNT: the kernel cuts there anyway

  private final RingReactor reactor;
  private final IoHandler handler;
  private final Arena arena = Arena.ofConfined();
  private final IovecPool pool = new IovecPool(arena);
  private final @Nullable Iovecs[] inUse;
  private final int number;

  RingPort(RingReactor reactor, int depth, IoHandler handler) {
    this.reactor = reactor;
    this.handler = handler;
    this.inUse = new Iovecs[depth];
    this.number = reactor.register(this);
  }

  @Override
  public void read(
      int slot, OpenFile file, long offset, ScatterList list, long position, long length) {
    reactor.count(1);
    int piece = onlyPiece(list, position, length);
    if (piece >= 0) {
      long skip = position - startOf(list, piece);
      reactor
          .submissions()
          .read(
              file.fd(),
              offset,
              list.segment(piece),
              list.offset(piece) + skip,
              (int) Math.min(length, MAX_LENGTH),
              userData(slot));
    } else {
      reactor
          .submissions()
          .readVector(file.fd(), offset, iovecs(slot, list, position, length), userData(slot));
    }
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
    reactor.count(1);
    int piece = onlyPiece(list, position, length);
    if (piece >= 0) {
      long skip = position - startOf(list, piece);
      reactor
          .submissions()
          .write(
              file.fd(),
              offset,
              list.segment(piece),
              list.offset(piece) + skip,
              (int) Math.min(length, MAX_LENGTH),
              flags,
              userData(slot));
    } else {
      reactor
          .submissions()
          .writeVector(
              file.fd(), offset, iovecs(slot, list, position, length), flags, userData(slot));
    }
  }

  @Override
  public void readFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length) {
    reactor.count(1);
    int bytes = (int) Math.min(length, MAX_LENGTH);
    reactor.submissions().readFixed(file.fd(), offset, buffer, position, bytes, userData(slot));
  }

  @Override
  public void writeFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length, int flags) {
    reactor.count(1);
    int bytes = (int) Math.min(length, MAX_LENGTH);
    reactor
        .submissions()
        .writeFixed(file.fd(), offset, buffer, position, bytes, flags, userData(slot));
  }

  @Override
  public void sync(int slot, OpenFile file) {
    reactor.count(1);
    reactor.submissions().syncData(file.fd(), userData(slot));
  }

  @Override
  public void allocate(int slot, OpenFile file, int mode, long offset, long length) {
    reactor.count(1);
    reactor.submissions().allocate(file.fd(), mode, offset, length, userData(slot));
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    reactor.count(-1);
    Iovecs used = inUse[slot];
    if (used != null) {
      inUse[slot] = null;
      pool.give(used);
    }
    handler.completed(slot, result);
  }

  @Override
  public void close() {
    reactor.unregister(number);
    arena.close();
  }

  private long userData(int slot) {
    return RingReactor.userData(number, slot);
  }

  private Iovecs iovecs(int slot, ScatterList list, long position, long length) {
    Iovecs iovecs = pool.take(list.count());
    iovecs.set(list, position, length);
    inUse[slot] = iovecs;
    return iovecs;
  }

  /** The piece that holds the whole part of the list, or -1 if there is none. */
  private static int onlyPiece(ScatterList list, long position, long length) {
    if (list.count() == 1) {
      return 0;
    }
    long start = 0;
    for (int i = 0; i < list.count(); i++) {
      long end = start + list.length(i);
      if (position < end) {
        return position + length <= end ? i : -1;
      }
      start = end;
    }
    return -1;
  }

  private static long startOf(ScatterList list, int piece) {
    long start = 0;
    for (int i = 0; i < piece; i++) {
      start += list.length(i);
    }
    return start;
  }
}
