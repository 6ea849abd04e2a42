package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.virtqueue.RingObserver;
import io.ubiblk.vhost.virtqueue.RingSetup;
import io.ubiblk.vhost.virtqueue.Virtqueue;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ring of a session: what the frontend has said of it, its descriptors, and the queue that runs
 * it once it has been started. Used by the session's thread, which waits for the reactor.
 */
final class Vring {

  private static final Logger LOG = LoggerFactory.getLogger(Vring.class);
  private static final int NONE = -1;

  private final Export export;
  private final int index;
  private final IoReactor reactor;
  private final RingObserver observer;
  private int size;
  private int base;
  private long descriptors;
  private long available;
  private long used;
  private boolean located;
  private int kickFd = NONE;
  private int callFd = NONE;
  private int errorFd = NONE;
  private boolean enabled;
  private @Nullable Virtqueue queue;
  private CompletableFuture<Boolean> stopped = CompletableFuture.completedFuture(true);

  Vring(Export export, int index, RingObserver observer) {
    this.export = export;
    this.index = index;
    this.observer = observer;
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
        .check(memory);
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
  void setKick(int fd, SessionState state) throws IOException {
    int old = kickFd;
    kickFd = fd;
    Virtqueue running = queue;
    try {
      if (running == null) {
        start(state);
      } else {
        OnReactor.call(reactor, () -> watchKick(running));
      }
    } finally {
      close(old);
    }
  }

  /** Takes over the descriptor by which the driver is interrupted. */
  void setCall(int fd) {
    int old = callFd;
    callFd = fd;
    try {
      onQueue(running -> running.setCall(signal(fd)));
    } finally {
      close(old);
    }
  }

  /** Takes over the descriptor by which errors are reported. */
  void setError(int fd) {
    int old = errorFd;
    errorFd = fd;
    try {
      onQueue(running -> running.setError(signal(fd)));
    } finally {
      close(old);
    }
  }

  void setEnabled(boolean value) {
    enabled = value;
    onQueue(running -> running.setEnabled(value));
  }

  void setMemory(GuestMemory memory) {
    onQueue(running -> running.setMemory(memory));
  }

  void setWriteThrough(boolean value) {
    onQueue(running -> running.setWriteThrough(value));
  }

  /**
   * Begins to stop the ring: takes no further requests.
   *
   * @param inOrder whether to wait for the requests that were taken; false may follow true
   */
  void beginStop(boolean inOrder) {
    Virtqueue running = queue;
    if (running == null) {
      return;
    }
    CompletableFuture<Boolean> done = stopped;
    try {
      reactor.execute(
          () -> {
            try {
              if (inOrder) {
                running.stop(() -> done.complete(true));
              } else {
                running.abandon(() -> done.complete(true));
              }
            } catch (RuntimeException | Error e) {
              LOG.error("{} could not be stopped in order", this, e);
              done.complete(false);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.error("{}: its reactor was closed first", this, e);
      done.complete(false);
    }
  }

  /** Completes when nothing touches guest memory any more. */
  CompletableFuture<Boolean> stopped() {
    return stopped;
  }

  /**
   * Takes note that the ring has stopped.
   *
   * @return where it would go on
   */
  int finishStop() {
    Virtqueue last = queue;
    if (last != null) {
      base = last.base();
      queue = null;
    }
    close(kickFd);
    kickFd = NONE;
    return base;
  }

  /** Gives up the descriptors of a ring that has stopped. */
  void release() {
    finishStop();
    close(callFd);
    callFd = NONE;
    close(errorFd);
    errorFd = NONE;
  }

  private void start(SessionState state) throws IOException {
    if (size == 0 || !located) {
      throw new BlockDeviceException.BadFormat(
          this + ": started before its size and addresses were set");
    }
    RingSetup setup =
        new RingSetup(
            size, base, descriptors, available, used, state.hasEventIndex(), state.hasIndirect());
    boolean serve = enabled || !state.ringsBeginDisabled();
    queue =
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
                      observer);
              created.setWriteThrough(state.isWriteThrough());
              created.setCall(signal(callFd));
              created.setError(signal(errorFd));
              return watchKick(created, serve);
            });
    stopped = new CompletableFuture<>();
  }

  /** The queue with its kick, or none if the kick cannot be had. */
  private Virtqueue watchKick(Virtqueue created, boolean serve) throws BlockDeviceException {
    try {
      watchKick(created);
      created.setEnabled(serve);
      return created;
    } catch (BlockDeviceException | RuntimeException e) {
      created.abandon(() -> {});
      throw e;
    }
  }

  private boolean watchKick(Virtqueue running) throws BlockDeviceException {
    running.setKick(kickFd == NONE ? null : watch(kickFd, running));
    return true;
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

  private @Nullable Signal signal(int fd) {
    return fd == NONE ? null : reactor.signal(fd);
  }

  private void onQueue(Consumer<Virtqueue> work) {
    Virtqueue running = queue;
    if (running != null) {
      OnReactor.run(reactor, () -> work.accept(running));
    }
  }

  private void checkStopped(String what) throws BlockDeviceException.BadFormat {
    if (queue != null) {
      throw new BlockDeviceException.BadFormat(this + ": " + what + " set while the ring runs");
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
