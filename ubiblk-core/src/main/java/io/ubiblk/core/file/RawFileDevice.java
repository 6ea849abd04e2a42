package io.ubiblk.core.file;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.AfterFailure;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.OpenFile;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A regular file or block special file as a device.
 *
 * <p>Blocks have 512 bytes, whatever the storage demands: with {@link RawFileOptions#direct},
 * requests or memory that the storage would refuse go through a buffer, and a request for a part of
 * a storage block reads the rest of the block first, while other writes to it wait. A discard frees
 * storage and leaves zeros in a regular file. The file is locked against every other open of it
 * that asks for a lock, in this process and in others.
 *
 * <p><b>Page cache.</b> A file is accessed through the page cache or around it, never in both ways:
 * a page of the cache may be larger than what is written around it, and what the cache holds of the
 * neighbourhood would go stale, or be written back over what is new. So a write with {@link
 * io.ubiblk.api.IoFlags#BYPASS_CACHE} to a file in the page cache goes through the cache, too. If
 * it is large, and the kernel is of Linux 6.16 or later and the file system knows {@code
 * RWF_DONTCACHE}, what was not in the cache before leaves it as soon as it is on the storage;
 * otherwise the write is like any other.
 *
 * <p><b>Reactor.</b> Channels open on the reactors of this module only.
 *
 * <p><b>Durability.</b> A flush is an {@code fdatasync}, forced unit access an {@code RWF_DSYNC}.
 */
public final class RawFileDevice implements BlockDevice {

  private final OpenFile file;
  private final RawFileOptions options;
  private final FileShape shape;
  private final DropBehind dropBehind = DropBehind.ofThisKernel();
  private final Set<Capability> capabilities;
  private final BlockGate gate = new BlockGate();
  private final OpenChannels channels = new OpenChannels();
  private final DeviceListeners listeners = new DeviceListeners();
  private volatile Geometry geometry;
  private boolean closed;

  private RawFileDevice(OpenFile file, RawFileOptions options, FileShape shape) {
    this.file = file;
    this.options = options;
    this.shape = shape;
    this.capabilities = capabilities(options);
    this.geometry = shape.geometry();
  }

  /**
   * Opens a file that exists.
   *
   * @param path a regular file or block special file
   * @param options how to open it
   * @return the device
   * @throws BlockDeviceException.Busy if somebody else holds a lock on the file
   * @throws BlockDeviceException.BadFormat if the file's size is not a multiple of 512 bytes, or it
   *     is neither a regular file nor a block special file
   * @throws BlockDeviceException if the file cannot be opened, or not without the page cache
   */
  public static RawFileDevice open(Path path, RawFileOptions options) throws BlockDeviceException {
    return open(path, options, null);
  }

  /**
   * Creates a file of zeros without storage, and opens it.
   *
   * @param path the file, which must not exist
   * @param size size in bytes, a multiple of 512
   * @param options how to open it
   * @return the device
   * @throws BlockDeviceException if the file exists or cannot be created; one that was created is
   *     deleted if it cannot be used
   */
  public static RawFileDevice create(Path path, long size, RawFileOptions options)
      throws BlockDeviceException {
    Geometry.of(size);
    int flags = OpenFile.READ_WRITE | OpenFile.CREATE | OpenFile.EXCLUSIVE;
    OpenFile created = OpenFile.open(path, flags);
    try {
      try (created) {
        created.truncate(size);
        created.sync();
      }
      OpenFile.syncDirectory(path.getParent());
      return open(path, options);
    } catch (BlockDeviceException | RuntimeException | Error e) {
      AfterFailure.delete(e, path);
      throw e;
    }
  }

  static RawFileDevice open(Path path, RawFileOptions options, @Nullable FileAlignment forced)
      throws BlockDeviceException {
    int access = options.readOnly() ? OpenFile.READ_ONLY : OpenFile.READ_WRITE;
    OpenFile file = OpenFile.open(path, access | (options.direct() ? OpenFile.DIRECT : 0));
    try {
      FileShape shape = FileShape.of(file, options.direct(), forced);
      file.lock(!options.readOnly());
      return new RawFileDevice(file, options, shape);
    } catch (BlockDeviceException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Set<Capability> capabilities(RawFileOptions options) {
    if (options.readOnly()) {
      return Set.of();
    }
    EnumSet<Capability> all = EnumSet.allOf(Capability.class);
    if (options.writeThrough()) {
      all.remove(Capability.FLUSH);
    }
    return Set.copyOf(all);
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException {
    if (!(reactor instanceof IoReactor io)) {
      throw new BlockDeviceException.Unsupported(
          reactor + " does no file I/O; " + this + " needs one of a ReactorGroup");
    }
    assert reactor.inReactor() : "channel opened outside of its reactor's thread";
    channels.opened(this);
    try {
      return new RawFileChannel(this, io, depth, completions);
    } catch (RuntimeException | Error e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  /**
   * Reads with a call that blocks, without a channel: not for a reactor's thread, and not for a
   * virtual one, which would keep its carrier. An interruption is not noticed. {@link #close} waits
   * for reads under way. Not for a file that was opened without the page cache.
   *
   * @param offset position in bytes
   * @param dst native memory to fill to its end
   * @throws BlockDeviceException.Closed if the device has been closed
   * @throws IOException if the file ends before, or cannot be read
   */
  public void readNow(long offset, MemorySegment dst) throws IOException {
    channels.opened(this);
    // Counted as a channel that is on its way out: closing waits for it.
    channels.closing();
    try {
      for (long done = 0; done < dst.byteSize(); ) {
        long result = file.read(offset + done, dst.asSlice(done));
        if (result == 0) {
          throw new EOFException(
              this + " ends at " + (offset + done) + ", expected " + geometry.size() + " bytes");
        }
        if (result < 0 && result != -Errno.EINTR) {
          throw Errno.exception("read", file, result);
        }
        done += Math.max(0, result);
      }
    } finally {
      channels.closed();
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws BlockDeviceException {
    channels.requireOpen(this);
    geometry.requireInside(offset, length);
    long end = offset + length;
    for (long at = offset; at < end; ) {
      long dataStart = Math.min(nextData(at, end), end);
      long dataEnd = dataStart < end ? Math.min(nextHole(dataStart, end), end) : end;
      if (dataStart > at
          && !visitor.extent(at, dataStart - at, ExtentVisitor.HOLE | ExtentVisitor.ZERO)) {
        return;
      }
      if (dataEnd > dataStart && !visitor.extent(dataStart, dataEnd - dataStart, 0)) {
        return;
      }
      at = Math.max(dataStart, dataEnd);
    }
  }

  private synchronized long nextData(long at, long end) throws BlockDeviceException {
    requireOpen();
    long data = shape.regular() ? file.seekData(at) : at;
    if (data == -Errno.ENXIO) {
      return end;
    }
    if (data < 0) {
      throw Errno.exception("find data in", file, data);
    }
    return data;
  }

  private synchronized long nextHole(long at, long end) throws BlockDeviceException {
    requireOpen();
    long hole = shape.regular() ? file.seekHole(at) : end;
    if (hole < 0) {
      throw Errno.exception("find a hole in", file, hole);
    }
    return hole;
  }

  /** A descriptor that has been given up may be another file's by now. */
  private void requireOpen() throws BlockDeviceException.Closed {
    if (closed) {
      throw new BlockDeviceException.Closed(this + " has been closed");
    }
  }

  @Override
  public synchronized void resize(long size) throws BlockDeviceException {
    requireOpen();
    Geometry present = geometry;
    present.requireGrowth(size);
    if (size == present.size()) {
      return;
    }
    if (options.readOnly()) {
      throw new BlockDeviceException.Unsupported(this + " is read-only and cannot grow");
    }
    FileShape.refuseCutBlock(file.path(), size, shape.alignment());
    if (shape.regular()) {
      file.truncate(size);
      file.sync();
    } else if (file.properties().size() < size) {
      throw new BlockDeviceException.Unsupported(
          this
              + " has "
              + file.properties().size()
              + " bytes, expected that it was grown to "
              + size);
    }
    geometry = present.withSize(size);
    listeners.sizeChanged(size);
  }

  @Override
  public void addListener(DeviceListener listener) {
    listeners.add(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    listeners.remove(listener);
  }

  @Override
  public void close() {
    if (!channels.close(this)) {
      return;
    }
    synchronized (this) {
      closed = true;
      file.close();
    }
  }

  @Override
  public String toString() {
    return "RawFileDevice(" + file.path() + (options.direct() ? ", direct" : "") + ")";
  }

  OpenFile file() {
    return file;
  }

  /** Whether large writes may leave the page cache at once. */
  DropBehind dropBehind() {
    return dropBehind;
  }

  FileAlignment alignment() {
    return shape.alignment();
  }

  /** Unit in bytes of the ranges that the file can free or zero. */
  int zeroingGranularity() {
    return shape.zeroingGranularity();
  }

  boolean isDirect() {
    return options.direct();
  }

  boolean isWritable() {
    return !options.readOnly();
  }

  boolean writesThrough() {
    return options.writeThrough();
  }

  BlockGate gate() {
    return gate;
  }

  OpenChannels channels() {
    return channels;
  }
}
