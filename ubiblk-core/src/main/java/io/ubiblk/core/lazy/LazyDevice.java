package io.ubiblk.core.lazy;

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
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.io.AfterFailure;
import io.ubiblk.core.io.ClosingOnce;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.StripeMetadata;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A disk that is filled from a source stripe by stripe, as it is touched, and remembers in its
 * metadata what it has.
 *
 * <p>A request for stripes that are on the disk costs one load for each of them and passes straight
 * to the data device. A read of a stripe that is not is answered as soon as its bytes have arrived.
 * A change of a part of such a stripe waits until the stripe has been fetched and is durable; one
 * that replaces it whole fetches nothing. A discard leaves alone what it would have to fetch.
 * Failed fetches are tried again a few times and then fail the requests that wait; the next access
 * begins anew.
 *
 * <p><b>Ownership.</b> Data device, metadata device and source belong to this device and are closed
 * with it.
 *
 * <p><b>Threads.</b> The work on stripes is done on one reactor, the home of the disk; sources are
 * read on virtual threads, and only while there is something to fetch.
 */
public final class LazyDevice implements BlockDevice {

  private final BlockDevice data;
  private final BlockDevice metadata;
  private final Reactor home;
  private final LazyOptions options;
  private final StripeMap map;
  private final SourceHolder source;
  private final Progress progress;
  private final Coordinator coordinator;
  private final OpenChannels channels = new OpenChannels();
  private final DeviceListeners listeners = new DeviceListeners();
  private final DeviceListener fromData = new FailureForwarder(listeners);
  private final CompletableFuture<Boolean> started = new CompletableFuture<>();
  private final ClosingOnce closing = new ClosingOnce();
  private volatile Geometry geometry;

  private LazyDevice(
      BlockDevice data,
      BlockDevice metadata,
      StripeMetadata loaded,
      @Nullable StripeSource source,
      Reactor home,
      LazyOptions options) {
    this.data = data;
    this.metadata = metadata;
    this.home = home;
    this.options = options;
    this.map = new StripeMap(loaded);
    this.source = new SourceHolder(source);
    this.geometry = data.geometry().withOptimalTransfer(loaded.stripeSize());
    this.progress = new Progress(map, DiskParts.stripes(geometry.size(), loaded.shift()));
    this.coordinator =
        new Coordinator(
            data.toString(), home, map, data, metadata, this.source, options, listeners, progress);
    data.addListener(fromData);
  }

  /**
   * Opens a disk. Blocks: not to be called on a reactor's thread.
   *
   * @param data where the disk's data lives; must be writable
   * @param metadata where the disk's metadata lives, in the format of {@link MetadataFile}
   * @param source opens the source; not called if everything has been fetched
   * @param home the reactor that the work on stripes is done on
   * @param options how to fill the disk
   * @return the disk, which owns what it was given; if this fails, it has closed nothing
   * @throws BlockDeviceException.BadFormat if the metadata is damaged
   * @throws BlockDeviceException.Mismatch if metadata, data and source do not fit together
   * @throws IOException if something cannot be opened or read
   */
  public static LazyDevice open(
      BlockDevice data,
      BlockDevice metadata,
      SourceOpener source,
      Reactor home,
      LazyOptions options)
      throws IOException {
    StripeMetadata loaded = MetadataFile.load(metadata, home);
    DiskParts.check(data, metadata, loaded);
    StripeSource opened = DiskParts.isComplete(data, loaded) ? null : source.open();
    try {
      LazyDevice device = assemble(data, metadata, loaded, opened, home, options);
      device.awaitStart();
      return device;
    } catch (IOException | RuntimeException | Error e) {
      if (opened != null) {
        AfterFailure.close(e, opened);
      }
      throw e;
    }
  }

  /**
   * Assembles a disk of metadata that has been read, without waiting for anything. Requests wait
   * until the home reactor has started it.
   *
   * @param data where the disk's data lives
   * @param metadata where the disk's metadata lives
   * @param loaded what the metadata holds
   * @param source the source, or null if everything has been fetched
   * @param home the reactor that the work on stripes is done on
   * @param options how to fill the disk
   * @return the disk, which owns what it was given; if this fails, it has closed nothing
   * @throws BlockDeviceException if metadata, data and source do not fit together
   */
  public static LazyDevice assemble(
      BlockDevice data,
      BlockDevice metadata,
      StripeMetadata loaded,
      @Nullable StripeSource source,
      Reactor home,
      LazyOptions options)
      throws BlockDeviceException {
    DiskParts.check(data, metadata, loaded);
    if (source != null) {
      DiskParts.check(source, data, loaded);
    }
    LazyDevice device = new LazyDevice(data, metadata, loaded, source, home, options);
    device.start();
    return device;
  }

  private void start() {
    coordinator.execute(
        () -> {
          try {
            coordinator.start();
            started.complete(true);
          } catch (IOException | RuntimeException e) {
            coordinator.failed(e);
            coordinator.stop(() -> started.completeExceptionally(e));
          }
        });
  }

  private void awaitStart() throws IOException {
    try {
      Uninterrupted.await(() -> OnReactor.await(started));
    } catch (IOException | RuntimeException e) {
      data.removeListener(fromData);
      throw e;
    }
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public Set<Capability> capabilities() {
    return data.capabilities();
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    channels.opened(this);
    try {
      return new LazyChannel(this, reactor, depth, completions);
    } catch (IOException | RuntimeException e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  /** Reports what has to be fetched as data, and what is on the disk as the data device does. */
  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    channels.requireOpen(this);
    geometry.requireInside(offset, length);
    long end = offset + length;
    boolean[] goOn = {true};
    for (long at = offset; at < end && goOn[0]; ) {
      int stripe = map.stripe(at);
      boolean ready = map.isReady(stripe);
      int last = map.stripe(end - 1);
      while (stripe < last && map.isReady(stripe + 1) == ready) {
        stripe++;
      }
      long to = Math.min(end, map.start(stripe + 1));
      if (ready) {
        data.extents(at, to - at, (o, l, flags) -> goOn[0] = visitor.extent(o, l, flags));
      } else {
        goOn[0] = visitor.extent(at, to - at, 0);
      }
      at = to;
    }
  }

  /**
   * Grows metadata first, so that a crash in between leaves metadata of more stripes than there
   * are.
   */
  @Override
  public synchronized void resize(long size) throws IOException {
    channels.requireOpen(this);
    Geometry present = geometry;
    present.requireGrowth(size);
    if (size == present.size()) {
      return;
    }
    int needed = DiskParts.stripes(size, map.shift());
    if (needed > map.size()) {
      MetadataFile.extend(metadata, home, map.shift(), map.size(), needed);
      onHome(() -> coordinator.growMap(needed));
    }
    data.resize(size);
    onHome(() -> coordinator.grown(size));
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

  /** {@return how far the disk has been filled} */
  public FetchProgress progress() {
    return progress.snapshot();
  }

  /**
   * Adds a listener for the filling of the disk. Adding one that is there already has no effect.
   *
   * @param listener the listener
   */
  public void addFetchListener(FetchListener listener) {
    progress.add(listener);
  }

  /**
   * Removes a listener for the filling of the disk.
   *
   * @param listener the listener
   */
  public void removeFetchListener(FetchListener listener) {
    progress.remove(listener);
  }

  /** Abandons fetches that are under way, which is safe: they are made again. */
  @Override
  public void close() throws IOException {
    close(stopped -> Uninterrupted.await(() -> OnReactor.await(stopped)));
  }

  /** Closes, and waits for the work on stripes in a way of the caller's. */
  void close(Awaiting awaiting) throws IOException {
    closing.run(() -> release(channels.close(this), awaiting));
  }

  private void release(boolean first, Awaiting awaiting) throws IOException {
    try (data;
        metadata;
        source) {
      if (first) {
        stop(awaiting);
      }
    }
  }

  private void stop(Awaiting awaiting) throws IOException {
    try {
      CompletableFuture<Boolean> stopped = new CompletableFuture<>();
      if (coordinator.execute(() -> coordinator.stop(() -> stopped.complete(true)))) {
        awaiting.await(stopped);
      }
    } finally {
      data.removeListener(fromData);
    }
  }

  /** Waits for what happens on the home reactor. */
  @FunctionalInterface
  interface Awaiting {
    void await(CompletableFuture<Boolean> result) throws IOException;
  }

  @Override
  public String toString() {
    return "LazyDevice(" + data + ", metadata " + metadata + ", source " + source + ")";
  }

  private void onHome(Runnable work) {
    OnReactor.run(home, work);
  }

  BlockDevice data() {
    return data;
  }

  StripeMap map() {
    return map;
  }

  LazyOptions options() {
    return options;
  }

  SourceHolder source() {
    return source;
  }

  Coordinator coordinator() {
    return coordinator;
  }

  OpenChannels channels() {
    return channels;
  }

  /**
   * Passes on that the data device has failed; its size is announced when there is metadata for it.
   */
  private record FailureForwarder(DeviceListeners listeners) implements DeviceListener {
    @Override
    public void failed(BlockDeviceException cause) {
      listeners.failed(cause);
    }
  }
}
