package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.memory.MemoryFault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running ring: takes requests from the driver, has them executed, gives them back. Confined to
 * its reactor's thread. It begins disabled, and ends for good with {@link #stop} or {@link
 * #abandon}.
 *
 * <p>While there is traffic the ring is polled and the driver asked not to kick; otherwise the
 * driver's kick wakes the reactor, or a timer where there is no kick. Completions of a turn are
 * signalled together.
 *
 * <p>A driver that breaks the rules of the ring itself (an index out of range) loses the ring:
 * nothing is taken from it any more. What was taken is given back, unless the ring's memory has
 * vanished.
 */
public final class Virtqueue implements Poller {

  private static final Logger LOG = LoggerFactory.getLogger(Virtqueue.class);

  /** Most requests that are with the device at once; more wait in their slots. */
  private static final int MOST_DEPTH = 1024;

  /** Most chains that are taken in one turn, so that other queues have theirs. */
  private static final int MOST_TAKEN = 128;

  /** Most descriptors that are looked at in one turn, but for the last chain. */
  private static final int MOST_DESCRIPTORS = 8192;

  /** How often a ring without a kick is looked at while it is quiet. */
  private static final long QUIET_NANOS = 1_000_000;

  private final String name;
  private final IoReactor reactor;
  private final RingSetup setup;
  private final SplitRing ring;
  private final RingObserver observer;
  private final BlockChannel channel;
  private final Arena arena = Arena.ofConfined();
  private final ChainReader reader;
  private final RequestExecutor executor;
  private final RequestSlots slots;
  private final Polling polling;
  private final ReactorTimer quiet;
  private final ArrayList<Runnable> onReleased = new ArrayList<>();
  private MemoryLease lease;
  private @Nullable Watch kick;
  private @Nullable Signal call;
  private @Nullable Signal error;
  private boolean enabled;

  /** Nothing is taken from the ring any more, because its driver has broken it. */
  private boolean broken;

  /** Nothing is given back any more, and nothing is written to guest memory. */
  private boolean silent;

  private boolean ending;
  private boolean closing;
  private boolean released;

  /**
   * Takes over a ring, disabled. To be called on the reactor's thread.
   *
   * @param name name of the queue in messages
   * @param reactor the reactor
   * @param device what to serve
   * @param limits what requests are held to
   * @param setup the ring
   * @param memory the guest's memory; the queue becomes a user of its own
   * @param observer is told when guest memory is not there any more
   * @throws IOException if the ring does not lie in memory, or the device gives no channel
   */
  public Virtqueue(
      String name,
      IoReactor reactor,
      BlockDevice device,
      QueueLimits limits,
      RingSetup setup,
      GuestMemory memory,
      RingObserver observer)
      throws IOException {
    this.name = name;
    this.reactor = reactor;
    this.setup = setup;
    this.observer = observer;
    // What can fail comes before what has to be released.
    this.ring = setup.locate(memory);
    this.channel = device.openChannel(reactor, Math.min(setup.size(), MOST_DEPTH), this::completed);
    this.reader = new ChainReader(arena, setup.indirect());
    this.executor = new RequestExecutor(device, channel, limits, arena);
    this.slots = new RequestSlots(setup.size());
    this.polling = reactor.poll(this);
    this.quiet = reactor.timer(this::kicked);
    this.lease = new MemoryLease(memory.retain(), reactor.blocking());
  }

  /**
   * Says whether writes must be durable when they complete, from the next request on.
   *
   * @param value whether they must
   */
  public void setWriteThrough(boolean value) {
    executor.setWriteThrough(value);
  }

  /**
   * Sets where the driver's kicks come from.
   *
   * @param watch watch of the descriptor, closed by the queue; or null if the ring has to be polled
   */
  public void setKick(@Nullable Watch watch) {
    if (kick != null) {
      kick.close();
    }
    kick = watch;
    // The next rest arranges for the new kind of waking.
    kicked();
  }

  /** There may be something in the ring. */
  public void kicked() {
    if (isServing()) {
      polling.activate();
    }
  }

  /**
   * Sets how to interrupt the driver. The new descriptor is signalled once, because an interrupt
   * may have gone to the old one.
   *
   * @param signal the signal, or null; the queue closes it
   */
  public void setCall(@Nullable Signal signal) {
    if (call != null) {
      call.close();
    }
    call = signal;
    if (signal != null && enabled) {
      signal.raise();
    }
  }

  /**
   * Sets how to tell the driver's side that the ring is broken.
   *
   * @param signal the signal, or null; the queue closes it
   */
  public void setError(@Nullable Signal signal) {
    if (error != null) {
      error.close();
    }
    error = signal;
  }

  /**
   * Enables or disables the ring. A disabled one takes no requests and loses none.
   *
   * @param value whether to serve the ring
   */
  public void setEnabled(boolean value) {
    enabled = value && !ending;
    quiet.cancel();
    kicked();
  }

  /**
   * Goes on in other memory. Requests in flight keep the memory they began with. A ring that is not
   * in the new memory is broken, and nothing is written to it any more.
   *
   * @param memory the memory; the queue becomes a user of its own
   */
  public void setMemory(GuestMemory memory) {
    if (silent) {
      return;
    }
    try {
      setup.relocate(ring, memory);
      lease.end();
      lease = new MemoryLease(memory.retain(), reactor.blocking());
    } catch (BlockDeviceException.BadFormat e) {
      silent = true;
      breakRing(String.valueOf(e.getMessage()));
      lease.end();
    }
  }

  /**
   * Ends the ring in order: takes no further requests, and waits for those that were taken.
   *
   * @param onStopped run on the reactor's thread when nothing touches guest memory any more
   */
  public void stop(Runnable onStopped) {
    setEnabled(false);
    ending = true;
    onReleased.add(onStopped);
    if (released) {
      runCallbacks();
    } else {
      drain();
    }
  }

  /**
   * Ends the ring because its driver is gone: requests that only wait inside the device are
   * cancelled, and nothing is given back. May follow a {@link #stop} that takes too long, whose
   * callback then runs too.
   *
   * @param onAbandoned run on the reactor's thread when nothing touches guest memory any more
   */
  public void abandon(Runnable onAbandoned) {
    silent = true;
    stop(onAbandoned);
  }

  /** {@return the index at which a successor goes on; valid when the ring has stopped} */
  public int base() {
    return ring.base();
  }

  /** {@return the number of requests that were taken and are not given back} */
  public int inFlight() {
    return slots.inFlight();
  }

  @Override
  public int poll() {
    try {
      int work = startWaiting() + takeRequests();
      if (work > 0) {
        channel.submit();
      }
      signal();
      MemoryFault.surface();
      return work;
    } catch (InternalError fault) {
      loseMemory();
      return 0;
    } catch (RuntimeException | Error e) {
      loseDevice(e);
      throw e;
    }
  }

  @Override
  public boolean rest() {
    // Without a free slot, only a completion makes a difference.
    if (!isServing() || slots.isFull()) {
      return true;
    }
    try {
      boolean rests = kick == null ? ring.available() == 0 : ring.requestKicks();
      MemoryFault.surface();
      if (rests && kick == null) {
        quiet.set(reactor.nanoTime() + QUIET_NANOS);
      }
      return rests;
    } catch (InternalError fault) {
      loseMemory();
      return true;
    }
  }

  private boolean isServing() {
    return enabled && !broken;
  }

  private int takeRequests() {
    if (!isServing()) {
      return 0;
    }
    int available = ring.available();
    if (available == 0) {
      return 0;
    }
    if (available > ring.size()) {
      breakRing(available + " requests are available in a ring of " + ring.size());
      return 0;
    }
    ring.suppressKicks();
    int most = Math.min(available, MOST_TAKEN);
    int count = 0;
    for (int descriptors = 0; count < most && descriptors < MOST_DESCRIPTORS; count++) {
      int taken = takeRequest();
      if (taken == 0) {
        break;
      }
      descriptors += taken;
    }
    return count;
  }

  /** Takes a request; returns how many descriptors it has, 0 if none could be taken. */
  private int takeRequest() {
    int head = ring.head();
    if (head >= ring.size()) {
      breakRing("descriptor " + head + " is available in a ring of " + ring.size());
      return 0;
    }
    BlockRequest request = slots.begin(head, lease);
    if (request == null) {
      return 0;
    }
    ring.take();
    int descriptors = reader.read(ring, lease.memory(), request);
    MemoryFault.surface();
    slots.count(request);
    start(request);
    return descriptors;
  }

  private boolean start(BlockRequest request) {
    switch (executor.start(request)) {
      case STARTED -> {}
      case FINISHED -> giveBack(request);
      case FULL -> {
        slots.await(request);
        return false;
      }
    }
    return true;
  }

  private int startWaiting() {
    int count = 0;
    for (int n = slots.waiting(); n > 0; n--) {
      if (!start(slots.nextWaiting())) {
        break;
      }
      count++;
    }
    return count;
  }

  private void completed(long tag, int status) {
    BlockRequest request = slots.get(tag);
    try {
      switch (executor.completed(request, status)) {
        case PENDING -> {}
        case AGAIN -> {
          start(request);
          channel.submit();
        }
        case OVER -> giveBack(request);
      }
      if (slots.waiting() > 0) {
        startWaiting();
        channel.submit();
      }
      MemoryFault.surface();
    } catch (InternalError fault) {
      loseMemory();
    } catch (RuntimeException | Error e) {
      loseDevice(e);
      throw e;
    } finally {
      polling.activate();
      if (ending) {
        drain();
      }
    }
  }

  private void giveBack(BlockRequest request) {
    MemoryLease held = request.lease;
    if (request.vanished && held != null) {
      observer.memoryFaulted(held.memory());
    }
    if (!silent) {
      request.writeStatus();
      ring.complete(request.head, RequestExecutor.written(request));
    }
    slots.end(request);
  }

  private void signal() {
    if (!silent && ring.hasNews() && ring.mustSignal() && call != null) {
      call.raise();
    }
  }

  /** Goes on with ending the ring, if nothing is to be waited for. */
  private void drain() {
    if (closing || (!silent && slots.inFlight() > 0)) {
      return;
    }
    try {
      if (!silent) {
        signal();
        // Whoever serves the ring next finds a driver that kicks.
        ring.requestKicks();
        MemoryFault.surface();
      }
    } catch (InternalError fault) {
      loseMemory();
    }
    closing = true;
    channel.close(this::release);
  }

  private void release() {
    released = true;
    silent = true;
    polling.deactivate();
    setKick(null);
    setCall(null);
    setError(null);
    slots.endAll();
    lease.end();
    arena.close();
    runCallbacks();
  }

  private void runCallbacks() {
    onReleased.forEach(Runnable::run);
    onReleased.clear();
  }

  private void loseMemory() {
    silent = true;
    breakRing("guest memory is not there any more");
    observer.memoryFaulted(lease.memory());
  }

  /** Which requests the device still has is not known: what was taken cannot be given back. */
  private void loseDevice(Throwable thrown) {
    silent = true;
    breakRing("its device has thrown " + thrown);
  }

  private void breakRing(String reason) {
    if (!broken) {
      broken = true;
      quiet.cancel();
      LOG.warn("{} is not served any more: {}", name, reason);
      if (error != null) {
        error.raise();
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
