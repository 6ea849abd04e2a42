package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.virtqueue.RingSetup;
import io.ubiblk.vhost.virtqueue.Virtqueue;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One ring of a session: what the frontend has said of it, its descriptors, and the queue that runs
 * it once it has been started. Used by the session's thread, which waits for the reactor.
 */
final class Vring {

  private static final int NONE = -1;
  private static final long GONE_CHECK_MILLIS = 50;

  private final Export export;
  private final int index;
  private final IoReactor reactor;
  private int size;
  private int base;
  private long descriptors;
  private long available;
  private long used;
  private boolean located;
  private int kickFd = NONE;
  private int callFd = NONE;
  // Also read by the reactor that reports an error.
  private volatile int errorFd = NONE;
  private boolean enabled;
  private @Nullable Virtqueue queue;

  Vring(Export export, int index) {
    this.export = export;
    this.index = index;
    this.reactor = (IoReactor) export.reactors().get(index);
  }

  void setSize(int newSize) throws BlockDeviceException.BadFormat {
    checkStopped("size");
    if (newSize < 1 || newSize > export.largestRing() || Integer.bitCount(newSize) != 1) {
      throw new BlockDeviceException.BadFormat(
          this
              + ": "
              + Integer.toUnsignedLong(newSize)
              + " descriptors, expected a power of two up to "
              + export.largestRing());
    }
    size = newSize;
  }

  void setAddresses(long newDescriptors, long newAvailable, long newUsed, GuestMemory memory)
      throws BlockDeviceException.BadFormat {
    checkStopped("addresses");
    new RingSetup(Math.max(size, 1), 0, newDescriptors, newAvailable, newUsed, false, false)
        .checkInside(memory);
    descriptors = newDescriptors;
    available = newAvailable;
    used = newUsed;
    located = true;
  }

  void setBase(int newBase) throws BlockDeviceException.BadFormat {
    checkStopped("base");
    if ((newBase & ~0xffff) != 0) {
      throw new BlockDeviceException.BadFormat(
          this + ": base " + Integer.toUnsignedLong(newBase) + ", expected at most 65535");
    }
    base = newBase;
  }

  /** Takes over the descriptor of the driver's kicks, and starts the ring unless it runs. */
  void setKick(int fd, SessionState state) throws IOException, InterruptedException {
    replaceKick(fd);
    if (queue == null) {
      start(state);
    } else {
      attachKick(queue);
    }
  }

  /** Takes over the descriptor by which the driver is interrupted. */
  void setCall(int fd) throws IOException, InterruptedException {
    int old = callFd;
    callFd = fd;
    Virtqueue running = queue;
    if (running != null) {
      OnReactor.run(reactor, () -> running.setCall(signal()));
    }
    close(old);
  }

  /** Takes over the descriptor by which errors are reported. */
  void setError(int fd) {
    int old = errorFd;
    errorFd = fd;
    close(old);
  }

  void setEnabled(boolean value) throws IOException, InterruptedException {
    enabled = value;
    Virtqueue running = queue;
    if (running != null) {
      OnReactor.run(reactor, () -> running.setEnabled(value));
    }
  }

  void setMemory(GuestMemory memory) throws IOException, InterruptedException {
    Virtqueue running = queue;
    if (running != null) {
      OnReactor.run(reactor, () -> running.setMemory(memory));
    }
  }

  void setWriteThrough(boolean value) throws IOException, InterruptedException {
    Virtqueue running = queue;
    if (running != null) {
      OnReactor.run(reactor, () -> running.setWriteThrough(value));
    }
  }

  /**
   * Stops the ring when its requests are done, or without them if the frontend goes away meanwhile.
   *
   * @param hasGone whether the frontend has gone
   * @return where the ring would go on
   */
  int stop(BooleanSupplier hasGone) throws IOException, InterruptedException {
    Virtqueue running = queue;
    if (running != null) {
      CompletableFuture<Boolean> stopped = new CompletableFuture<>();
      reactor.execute(() -> running.stop(() -> stopped.complete(true)));
      while (!isDone(stopped)) {
        if (hasGone.getAsBoolean()) {
          abandon();
          return base;
        }
      }
      base = running.base();
      queue = null;
    }
    replaceKick(NONE);
    return base;
  }

  /** Ends the ring without its driver, and gives everything up. */
  void abandon() throws IOException, InterruptedException {
    Virtqueue running = queue;
    if (running != null) {
      CompletableFuture<Boolean> abandoned = new CompletableFuture<>();
      reactor.execute(() -> running.abandon(() -> abandoned.complete(true)));
      while (!isDone(abandoned)) {}
      queue = null;
    }
    replaceKick(NONE);
    setError(NONE);
    close(callFd);
    callFd = NONE;
  }

  private void start(SessionState state) throws IOException, InterruptedException {
    if (size == 0 || !located) {
      throw new BlockDeviceException.BadFormat(
          this + ": started before its size and addresses were set");
    }
    RingSetup setup =
        new RingSetup(
            size, base, descriptors, available, used, state.hasEventIndex(), state.hasIndirect());
    Virtqueue started =
        OnReactor.call(
            reactor,
            () -> {
              Virtqueue created =
                  new Virtqueue(
                      toString(),
                      reactor,
                      export.device(),
                      export.limits(),
                      setup,
                      state.memory(),
                      reason -> reportError());
              created.setWriteThrough(state.isWriteThrough());
              created.setCall(signal());
              return created;
            });
    queue = started;
    attachKick(started);
    boolean serve = enabled || !state.ringsBeginDisabled();
    OnReactor.run(reactor, () -> started.setEnabled(serve));
  }

  private void attachKick(Virtqueue running) throws IOException, InterruptedException {
    int fd = kickFd;
    OnReactor.call(
        reactor,
        () -> {
          running.setKick(fd == NONE ? null : watch(fd, running));
          return true;
        });
  }

  private Watch watch(int fd, Virtqueue running) throws BlockDeviceException {
    // An eventfd reports every write; other descriptors only if they are read empty.
    boolean mustDrain = !EventFd.isEventFd(fd);
    return reactor.watch(
        fd,
        () -> {
          if (mustDrain) {
            Descriptor.drain(fd);
          }
          running.kicked();
        });
  }

  private @Nullable Signal signal() {
    return callFd == NONE ? null : reactor.signal(callFd);
  }

  private void reportError() {
    int fd = errorFd;
    if (fd != NONE && Descriptor.isNonBlocking(fd)) {
      EventFd.signal(fd);
    }
  }

  private void replaceKick(int fd) throws IOException, InterruptedException {
    int old = kickFd;
    kickFd = fd;
    Virtqueue running = queue;
    if (running != null && old != NONE) {
      OnReactor.run(reactor, () -> running.setKick(null));
    }
    close(old);
  }

  private void checkStopped(String what) throws BlockDeviceException.BadFormat {
    if (queue != null) {
      throw new BlockDeviceException.BadFormat(this + ": " + what + " set while the ring runs");
    }
  }

  private static boolean isDone(CompletableFuture<Boolean> future) throws InterruptedException {
    try {
      return future.get(GONE_CHECK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void close(int fd) {
    if (fd != NONE) {
      Descriptor.close(fd);
    }
  }

  @Override
  public String toString() {
    return export.name() + " ring " + index;
  }
}
