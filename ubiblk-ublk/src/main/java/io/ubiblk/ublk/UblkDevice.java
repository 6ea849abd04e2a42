package io.ubiblk.ublk;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.ublk.driver.ControlNode;
import io.ubiblk.ublk.driver.RunningDevice;
import io.ubiblk.ublk.protocol.DriverFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device as a block device of this machine's kernel, {@code /dev/ublkbN}.
 *
 * <pre>{@code
 * try (var served = UblkDevice.serve(disk).queues(2).start()) {
 *   System.out.println(served.path());
 *   served.awaitClose();
 * }
 * }</pre>
 *
 * <p>It also ends when somebody else deletes the block device. If the process is killed the kernel
 * deletes the block device, unless it was made {@linkplain UblkBuilder#recoverable recoverable}:
 * then requests wait until a server {@linkplain UblkBuilder#recover takes it over}.
 */
public final class UblkDevice implements Frontend {

  private static final Logger LOG = LoggerFactory.getLogger(UblkDevice.class);

  private final String name;
  private final BlockDevice device;
  private final ControlNode node;
  private final RunningDevice running;
  private final Reactor reactor;
  private final Duration grace;
  private final boolean keep;
  private final AtomicBoolean ending = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final DeviceListener listener = new Events();
  private final Object resizing = new Object();
  private CompletableFuture<?> gone = new CompletableFuture<>();
  private volatile @Nullable State outcome;
  private volatile @Nullable Throwable failure;

  UblkDevice(
      BlockDevice device,
      ControlNode node,
      RunningDevice running,
      Reactor reactor,
      Duration grace,
      boolean keep) {
    this.device = device;
    this.node = node;
    this.running = running;
    this.reactor = reactor;
    this.grace = grace;
    this.keep = keep;
    this.name = path().toString();
  }

  /**
   * Begins to describe how to serve a device.
   *
   * @param device the device to serve; it stays the caller's
   * @return what to describe it with
   */
  public static UblkBuilder serve(BlockDevice device) {
    return new UblkBuilder(device);
  }

  /** {@return the number of the device, N in {@code /dev/ublkbN}} */
  public int id() {
    return running.info().id();
  }

  /** {@return the block device's file} */
  public Path path() {
    return Path.of("/dev/ublkb" + id());
  }

  /** {@return the number of queues: the kernel gives at most one for each processor} */
  public int queues() {
    return running.info().queues();
  }

  /**
   * {@return whether data can pass between the kernel and the device without a copy, see {@link
   * UblkBuilder#zeroCopy}}
   */
  public boolean isZeroCopy() {
    return running.info().has(DriverFeatures.AUTO_BUF_REG);
  }

  @Override
  public State state() {
    State last = outcome;
    if (last != null) {
      return last;
    }
    return ending.get() ? State.CLOSING : State.SERVING;
  }

  @Override
  public void awaitClose() throws InterruptedException, BlockDeviceException.Failed {
    ended.await();
    Throwable cause = failure;
    if (cause != null) {
      throw new BlockDeviceException.Failed(name + " has failed", cause);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>The kernel first takes the block device away: what its users have not written yet is written
   * now or fails, and then every use of it fails. Requests in flight get the {@linkplain
   * UblkBuilder#grace time that was set}. After that, those that only wait inside the device are
   * cancelled; for those that are under way it waits as long as they take. A file system that is
   * still mounted keeps the number of the device taken until it is unmounted, but nothing waits for
   * that.
   */
  @Override
  public void close() throws IOException {
    boolean first = end(null);
    Uninterrupted.await(
        () -> {
          ended.await();
          return true;
        });
    if (first && failure instanceof IOException cause) {
      throw cause;
    }
  }

  @Override
  public String toString() {
    return name;
  }

  /** Begins to watch what is going on. Called once, before anybody else has the object. */
  void begin() {
    device.addListener(listener);
    // The device may have grown before it was listened to.
    grow(device.geometry().size());
    gone = running.ended().thenRun(() -> end(null));
  }

  /** Ends the frontend, unless that has begun. Any thread. */
  private boolean end(@Nullable Throwable cause) {
    if (!ending.compareAndSet(false, true)) {
      return false;
    }
    failure = cause;
    Thread.ofVirtual().name(name).start(this::finish);
    return true;
  }

  private void finish() {
    device.removeListener(listener);
    try {
      if (keep && !gone.isDone()) {
        leave();
      } else {
        remove();
      }
      if (failure == null) {
        flush();
      }
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
    }
    Throwable cause = failure;
    if (cause != null) {
      LOG.error("{} ends", name, cause);
    }
    outcome = cause == null ? State.CLOSED : State.FAILED;
    ended.countDown();
  }

  private void remove() throws IOException {
    CompletableFuture<Boolean> stopped = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> stop(stopped));
    boolean patient = failure == null && comesInTime(stopped);
    if (!patient) {
      running.abandon();
    }
    Uninterrupted.await(() -> OnReactor.await(stopped));
    gone.join();
    running.close();
    node.delete(id());
    node.close();
  }

  private void stop(CompletableFuture<Boolean> stopped) {
    try {
      running.stop();
      stopped.complete(true);
    } catch (IOException | RuntimeException | Error e) {
      stopped.completeExceptionally(e);
    }
  }

  /** Leaves the block device to the next server. */
  private void leave() throws IOException {
    CompletableFuture<?> parked = running.park();
    if (!comesInTime(parked)) {
      running.abandon();
    }
    parked.join();
    running.close();
    node.close();
  }

  private boolean comesInTime(CompletableFuture<?> future) throws IOException {
    long deadline = System.nanoTime() + grace.toNanos();
    return Uninterrupted.await(
        () -> {
          try {
            future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            return true;
          } catch (TimeoutException late) {
            return false;
          } catch (ExecutionException e) {
            return true; // whoever waits for the result is told
          }
        });
  }

  private void flush() throws IOException {
    if (device.capabilities().contains(Capability.FLUSH)) {
      try (BlockingAccess access = BlockingAccess.open(device, reactor)) {
        access.flush();
      }
    }
  }

  private void grow(long size) {
    synchronized (resizing) {
      try {
        if (!ending.get() && size > node.parameters(id()).bytes()) {
          node.resize(id(), size);
        }
      } catch (IOException e) {
        LOG.warn("{} keeps its size: {}", name, e.getMessage());
      }
    }
  }

  /** What the device has to say. */
  private final class Events implements DeviceListener {
    @Override
    public void sizeChanged(long size) {
      Thread.ofVirtual().start(() -> grow(size));
    }

    @Override
    public void failed(BlockDeviceException cause) {
      end(cause);
    }
  }
}
