package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.testkit.ModelOptions.Discards;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the devices in memory have in common: the content, and a strict eye on the caller.
 *
 * <p>Every request takes the device's lock: a double need not be fast, and no block ever tears.
 */
public abstract sealed class MemoryBlockDevice implements BlockDevice
    permits ModelBlockDevice, CrashingBlockDevice {

  /** Guards the content and everything that a subclass knows about it. */
  final Object lock = new Object();

  private final ModelOptions options;
  private final SparseStore content;
  private final OpenChannels channels = new OpenChannels();
  private final DeviceListeners listeners = new DeviceListeners();
  private final Map<MemoryChannel, Throwable> openers = new LinkedHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private volatile Geometry geometry;

  MemoryBlockDevice(ModelOptions options, SparseStore content) {
    this.options = options;
    this.geometry = options.geometry();
    this.content = content;
  }

  final ModelOptions options() {
    return options;
  }

  final SparseStore content() {
    return content;
  }

  @Override
  public final Geometry geometry() {
    return geometry;
  }

  @Override
  public final Set<Capability> capabilities() {
    return options.capabilities();
  }

  @Override
  public final BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException {
    if (!reactor.inReactor()) {
      throw new AssertionError("channel opened on " + Thread.currentThread() + ", not its reactor");
    }
    if (depth < 1) {
      throw new IllegalArgumentException("depth " + depth + ", expected at least 1");
    }
    channels.opened(this);
    MemoryChannel channel;
    try {
      channel = newChannel(reactor, depth, completions);
    } catch (BlockDeviceException e) {
      channels.closing();
      channels.closed();
      throw e;
    }
    synchronized (openers) {
      openers.put(channel, new Throwable("a channel that nobody has closed was opened here"));
    }
    return channel;
  }

  MemoryChannel newChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException {
    return new MemoryChannel(this, reactor, depth, completions);
  }

  final void channelClosing(MemoryChannel channel) {
    synchronized (openers) {
      openers.remove(channel);
    }
    channels.closing();
  }

  void channelClosed(MemoryChannel channel) {
    channels.closed();
  }

  /** Decides whether a request can be served at all. */
  final int check(MemoryRequest r) {
    boolean transfer = r.operation == Operation.READ || r.operation == Operation.WRITE;
    int range =
        r.operation == Operation.FLUSH
            ? Status.OK
            : transfer
                ? geometry.checkTransfer(r.offset, r.length)
                : geometry.check(r.offset, r.length);
    if (range != Status.OK) {
      return range;
    }
    return switch (r.operation) {
      case READ, FLUSH, PREFETCH -> Status.OK;
      case WRITE -> checkChange(r, Capability.WRITE, IoFlags.FUA | IoFlags.BYPASS_CACHE);
      case DISCARD -> checkChange(r, Capability.DISCARD, IoFlags.NONE);
      case WRITE_ZEROES -> checkChange(r, Capability.WRITE_ZEROES, IoFlags.FUA | IoFlags.NO_UNMAP);
    };
  }

  private int checkChange(MemoryRequest r, Capability needed, int flags) {
    Set<Capability> able = options.capabilities();
    if (!able.contains(Capability.WRITE)) {
      return Status.EROFS;
    }
    boolean fua = (r.flags & IoFlags.FUA) != 0;
    if (!able.contains(needed) || (fua && !able.contains(Capability.FUA))) {
      return Status.EOPNOTSUPP;
    }
    return (r.flags & ~flags) == 0 ? Status.OK : Status.EINVAL;
  }

  /** A request was accepted. */
  void accepted(MemoryRequest request) {}

  /** Does what a request asks for; called on the channel's thread, in any order. */
  final int serve(MemoryRequest request) {
    if (request.refusal != Status.OK) {
      return request.refusal;
    }
    synchronized (lock) {
      return serveLocked(request);
    }
  }

  abstract int serveLocked(MemoryRequest request);

  /** A request's completion is about to be delivered; returns whether it may be. */
  boolean delivering(MemoryRequest request) {
    return true;
  }

  /** Whether the device has stopped answering. */
  boolean isSilent() {
    return false;
  }

  /** The content has grown. Called with the lock held. */
  void grown(long size) {
    content.grow(size);
  }

  final int serveRead(MemoryRequest request) {
    return content.read(request.offset, request.data()) ? Status.OK : Status.EFAULT;
  }

  /** Translates a request that changes content. */
  final Change toChange(MemoryRequest request) {
    int block = geometry.logicalBlockSize();
    Change change = new Change(request.offset, request.length, block, request.content());
    if (request.operation == Operation.DISCARD && options.discards() != Discards.ZERO) {
      for (int i = 0; i < change.blocks; i++) {
        long name = request.offset / block + i;
        if (options.discards() == Discards.KEEP || Patterns.scramble(name + options.seed()) < 0) {
          change.gone.set(i);
        }
      }
    }
    return change;
  }

  static boolean unmaps(MemoryRequest request) {
    return (request.flags & IoFlags.NO_UNMAP) == 0;
  }

  final void complain(MemoryRequest request, String complaint) {
    complaints.add(request + ": " + complaint);
  }

  /** {@return what the users of this device have done that they must not do} */
  public final List<String> complaints() {
    return List.copyOf(complaints);
  }

  /**
   * Returns content without a channel, as a request would read it.
   *
   * @param offset first byte
   * @param length number of bytes
   * @return a copy
   * @throws IndexOutOfBoundsException if the range does not lie inside the device
   */
  public final byte[] peek(long offset, int length) {
    synchronized (lock) {
      return content.read(offset, length);
    }
  }

  /**
   * Changes content without a channel. Durable at once.
   *
   * @param offset first byte
   * @param bytes the new content
   * @throws IndexOutOfBoundsException if the range does not lie inside the device
   */
  public void poke(long offset, byte[] bytes) {
    synchronized (lock) {
      content.write(offset, bytes, 0, bytes.length);
    }
  }

  @Override
  public final void extents(long offset, long length, ExtentVisitor visitor)
      throws BlockDeviceException.Closed {
    channels.requireOpen(this);
    long size = geometry.size();
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new IllegalArgumentException(
          "%d bytes at %d, expected a range of %d bytes".formatted(length, offset, size));
    }
    SparseStore snapshot;
    synchronized (lock) {
      snapshot = content.copy();
    }
    snapshot.extents(offset, length, visitor);
  }

  @Override
  public final void resize(long size) throws BlockDeviceException {
    channels.requireOpen(this);
    synchronized (lock) {
      if (size == geometry.size()) {
        return;
      }
      geometry.requireGrowth(size);
      if (!options.resizable()) {
        throw new BlockDeviceException.Unsupported(this + " cannot grow to " + size + " bytes");
      }
      grown(size);
      geometry = geometry.withSize(size);
    }
    listeners.sizeChanged(size);
  }

  @Override
  public final void addListener(DeviceListener listener) {
    listeners.add(listener);
  }

  @Override
  public final void removeListener(DeviceListener listener) {
    listeners.remove(listener);
  }

  /**
   * Closes the device.
   *
   * @throws IllegalStateException if channels are open; where each was opened is in the suppressed
   *     exceptions
   * @throws AssertionError if a user of the device has broken its side of the contract; see {@link
   *     #complaints}
   */
  @Override
  public void close() {
    boolean first;
    try {
      first = channels.close(this);
    } catch (IllegalStateException e) {
      synchronized (openers) {
        openers.values().forEach(e::addSuppressed);
      }
      throw e;
    }
    if (first && !complaints.isEmpty()) {
      throw new AssertionError(this + " was misused: " + String.join("; ", complaints));
    }
  }

  @Override
  public String toString() {
    return "%s[%d bytes]".formatted(getClass().getSimpleName(), geometry.size());
  }
}
