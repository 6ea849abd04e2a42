package io.ubiblk.core.memory;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A device that keeps its content in native memory, for tests, caches and scratch disks. Memory is
 * taken in pieces of 64 KiB when they are first written; clearing a whole piece gives it back when
 * the device is closed, not before. The content is gone when the device is closed.
 */
public final class MemoryDevice extends VolatileDevice {

  private static final int PIECE = 64 * 1024;
  private static final MemorySegment ZEROS = Arena.global().allocate(PIECE);

  // A block is read as it was before a write or after it, never in between.
  private final Object[] locks = new Object[64];
  private final Arena arena = Arena.ofShared();
  private volatile AtomicReferenceArray<MemorySegment> pieces;

  /**
   * Creates a device of zeros.
   *
   * @param size size in bytes, a multiple of 512
   */
  public MemoryDevice(long size) {
    super(Geometry.of(size));
    this.pieces = new AtomicReferenceArray<>(count(size));
    Arrays.setAll(locks, i -> new Object());
  }

  @Override
  BlockChannel open(Reactor reactor, CompletionHandler completions) {
    return new Channel(this, reactor, completions);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor)
      throws BlockDeviceException.Closed {
    channels().requireOpen(this);
    geometry().requireInside(offset, length);
    long end = offset + length;
    for (long at = offset; at < end; ) {
      boolean present = isPresent(at);
      long to = at;
      while (to < end && isPresent(to) == present) {
        to = Math.min(end, (to / PIECE + 1) * PIECE);
      }
      int flags = present ? 0 : ExtentVisitor.HOLE | ExtentVisitor.ZERO;
      if (!visitor.extent(at, to - at, flags)) {
        return;
      }
      at = to;
    }
  }

  @Override
  void grow(long size) {
    // Pieces are only ever added on the present array, so it is copied while none can be.
    synchronized (arena) {
      AtomicReferenceArray<MemorySegment> present = pieces;
      AtomicReferenceArray<MemorySegment> larger = new AtomicReferenceArray<>(count(size));
      for (int i = 0; i < present.length(); i++) {
        larger.set(i, present.get(i));
      }
      pieces = larger;
    }
  }

  @Override
  void release() {
    arena.close();
  }

  @Override
  public String toString() {
    return "MemoryDevice(" + geometry().size() + " bytes)";
  }

  private Object lock(long at) {
    return locks[(int) (at / PIECE) % locks.length];
  }

  private boolean isPresent(long at) {
    return pieces.get((int) (at / PIECE)) != null;
  }

  private MemorySegment pieceForWriting(int index) {
    MemorySegment piece = pieces.get(index);
    if (piece == null) {
      synchronized (arena) {
        piece = pieces.get(index);
        if (piece == null) {
          piece = arena.allocate(PIECE);
          pieces.set(index, piece);
        }
      }
    }
    return piece;
  }

  private static int count(long size) {
    long count = (size + PIECE - 1) / PIECE;
    if (count > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(size + " bytes, expected at most 128 TiB");
    }
    return (int) count;
  }

  private static final class Channel extends VolatileChannel {
    private final MemoryDevice device;

    Channel(MemoryDevice device, Reactor reactor, CompletionHandler completions) {
      super(device, reactor, completions);
      this.device = device;
    }

    @Override
    int fill(long offset, ScatterList dst) {
      long end = offset + dst.byteSize();
      for (long at = offset; at < end; ) {
        long length = Math.min(end - at, PIECE - at % PIECE);
        MemorySegment piece = device.pieces.get((int) (at / PIECE));
        MemorySegment from = piece == null ? ZEROS : piece;
        synchronized (device.lock(at)) {
          if (!dst.copyFrom(at - offset, from, at % PIECE, length)) {
            return Status.EFAULT;
          }
        }
        at += length;
      }
      return Status.OK;
    }

    @Override
    int store(long offset, ScatterList src) {
      long end = offset + src.byteSize();
      for (long at = offset; at < end; ) {
        long length = Math.min(end - at, PIECE - at % PIECE);
        MemorySegment piece = device.pieceForWriting((int) (at / PIECE));
        synchronized (device.lock(at)) {
          if (!src.copyTo(at - offset, piece, at % PIECE, length)) {
            return Status.EFAULT;
          }
        }
        at += length;
      }
      return Status.OK;
    }

    @Override
    void clear(long offset, long length) {
      long end = offset + length;
      for (long at = offset; at < end; ) {
        long part = Math.min(end - at, PIECE - at % PIECE);
        MemorySegment piece = device.pieces.get((int) (at / PIECE));
        if (piece != null) {
          synchronized (device.lock(at)) {
            // A slice to fill would be an object for each request.
            MemorySegment.copy(ZEROS, 0, piece, at % PIECE, part);
          }
        }
        at += part;
      }
    }
  }
}
