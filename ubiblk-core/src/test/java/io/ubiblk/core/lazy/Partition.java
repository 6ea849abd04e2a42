package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;

/** A part of a device: one that has a beginning and an end, or the rest of it, which may grow. */
final class Partition extends ForwardingBlockDevice {

  private final long start;
  private final long size;

  private Partition(BlockDevice device, long start, long size) {
    super(device);
    this.start = start;
    this.size = size;
    if (device.geometry().size() < start + Math.max(0, size)) {
      throw new IllegalArgumentException(device + " is too small to be divided");
    }
  }

  /** The first bytes. Closing it leaves the device open. */
  static Partition first(BlockDevice device, long size) {
    return new Partition(device, 0, size);
  }

  /** What is behind the first bytes. Closing it closes the device. */
  static Partition rest(BlockDevice device, long start) {
    return new Partition(device, start, -1);
  }

  @Override
  public Geometry geometry() {
    Geometry whole = delegate().geometry();
    return whole.withSize(size < 0 ? whole.size() - start : size);
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    return new Part(delegate().openChannel(reactor, depth, completions));
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    geometry().requireInside(offset, length);
    delegate()
        .extents(start + offset, length, (at, n, flags) -> visitor.extent(at - start, n, flags));
  }

  @Override
  public void resize(long newSize) throws IOException {
    delegate().resize(start + newSize);
  }

  @Override
  public void close() throws IOException {
    if (size < 0) {
      super.close();
    }
  }

  /** What is outside of a part is so for the device, too: behind its end, or before its start. */
  private final class Part extends ForwardingBlockChannel {

    Part(BlockChannel delegate) {
      super(delegate);
    }

    private long position(long offset, long length) {
      return geometry().check(offset, length) == 0 ? start + offset : Long.MIN_VALUE;
    }

    @Override
    public boolean read(long offset, ScatterList dst, long tag) {
      return super.read(position(offset, dst.byteSize()), dst, tag);
    }

    @Override
    public boolean write(long offset, ScatterList src, int flags, long tag) {
      return super.write(position(offset, src.byteSize()), src, flags, tag);
    }

    @Override
    public boolean discard(long offset, long length, long tag) {
      return super.discard(position(offset, length), length, tag);
    }

    @Override
    public boolean writeZeroes(long offset, long length, int flags, long tag) {
      return super.writeZeroes(position(offset, length), length, flags, tag);
    }

    @Override
    public boolean prefetch(long offset, long length, long tag) {
      return super.prefetch(position(offset, length), length, tag);
    }
  }
}
