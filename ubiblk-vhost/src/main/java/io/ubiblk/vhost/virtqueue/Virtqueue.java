package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.vhost.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
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
 * driver's kick wakes the reactor. Completions of a turn are signalled together.
 *
 * <p>A guest that breaks the rules of the ring itself (an index out of range, memory that vanishes)
 * loses the ring: nothing is taken from it or given back any more. Requests that were taken still
 * run to their end inside the device.
 */
public final class Virtqueue implements Poller {

  private static final Logger LOG = LoggerFactory.getLogger(Virtqueue.class);

  /** Most requests that are with the device at once; more wait in their slots. */
  private static final int MOST_DEPTH = 1024;

  /** Most chains that are taken in one turn, so that other queues have theirs. */
  private static final int MOST_TAKEN = 128;

  private final String name;
  private final IoReactor reactor;
  private final RingSetup setup;
  private final SplitRing ring;
  private final RingObserver observer;
  private final Arena arena = Arena.ofConfined();
  private final ChainReader reader;
  private final BlockChannel channel;
  private final RequestExecutor executor;
  private final Polling polling;
  private final ArrayList<BlockRequest> requests = new ArrayList<>();
  private final ArrayDeque<BlockRequest> free = new ArrayDeque<>();
  private final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>();
  private MemoryLease lease;
  private @Nullable Watch kick;
  private @Nullable Signal call;
  private @Nullable Runnable onDrained;
  private int inFlight;
  private boolean enabled;
  private boolean broken;
  private boolean ended;

  /** Is told when a guest has lost its ring. */
  @FunctionalInterface
  public interface RingObserver {
    /**
     * The ring is served no more.
     *
     * @param reason what the guest did
     */
    void ringBroke(String reason);
  }

  /**
   * Takes over a ring, disabled. To be called on the reactor's thread.
   *
   * @param name name of the queue in messages
   * @param reactor the reactor
   * @param device what to serve
   * @param limits what requests are held to
   * @param setup the ring
   * @param memory the guest's memory; the queue becomes a user of its own
   * @param observer is told when the guest breaks the ring
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
    setup.check();
    this.name = name;
    this.reactor = reactor;
    this.setup = setup;
    this.observer = observer;
    this.ring = setup.locate(memory);
    this.reader = new ChainReader(arena, setup.indirect());
    this.channel = device.openChannel(reactor, Math.min(setup.size(), MOST_DEPTH), this::completed);
    this.executor = new RequestExecutor(device, channel, limits, arena);
    this.polling = reactor.poll(this);
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
   * @param watch watch of the descriptor, or null; the queue closes it
   */
  public void setKick(@Nullable Watch watch) {
    if (kick != null) {
      kick.close();
    }
    kick = watch;
  }

  /** The driver has kicked. */
  public void kicked() {
    if (enabled && !broken) {
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
   * Enables or disables the ring. A disabled one takes no requests and loses none.
   *
   * @param value whether to serve the ring
   */
  public void setEnabled(boolean value) {
    enabled = value && !ended;
    if (enabled && !broken) {
      polling.activate();
    } else {
      polling.deactivate();
    }
  }

  /**
   * Goes on in other memory. Requests in flight keep the memory they began with. A ring that is not
   * in the new memory is broken.
   *
   * @param memory the memory; the queue becomes a user of its own
   */
  public void setMemory(GuestMemory memory) {
    try {
      setup.relocate(ring, memory);
      lease.end();
      lease = new MemoryLease(memory.retain(), reactor.blocking());
    } catch (BlockDeviceException.BadFormat e) {
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
    if (broken) {
      abandon(onStopped);
      return;
    }
    setEnabled(false);
    ended = true;
    onDrained = () -> channel.close(() -> release(onStopped));
    drain();
  }

  /**
   * Ends the ring because its driver is gone: requests that only wait inside the device are
   * cancelled, and nothing is given back. May follow a {@link #stop} that takes too long, whose
   * callback then runs too.
   *
   * @param onAbandoned run on the reactor's thread when nothing touches guest memory any more
   */
  public void abandon(Runnable onAbandoned) {
    setEnabled(false);
    ended = true;
    broken = true;
    Runnable earlier = onDrained;
    onDrained = null;
    channel.close(
        () -> {
          release(onAbandoned);
          if (earlier != null) {
            earlier.run();
          }
        });
  }

  /** {@return the index at which a successor goes on; valid when the ring has stopped} */
  public int base() {
    return ring.base();
  }

  @Override
  public int poll() {
    try {
      int work = startWaiting() + takeRequests();
      if (work > 0) {
        channel.submit();
      }
      signal();
      return work;
    } catch (InternalError fault) {
      breakRing("guest memory is not there any more");
      return 0;
    }
  }

  @Override
  public boolean rest() {
    try {
      return broken || !enabled || ring.requestKicks();
    } catch (InternalError fault) {
      breakRing("guest memory is not there any more");
      return true;
    }
  }

  private int takeRequests() {
    if (!enabled || broken) {
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
    int count = 0;
    for (; count < Math.min(available, MOST_TAKEN) && !broken; count++) {
      BlockRequest request = slot();
      if (request == null) {
        break;
      }
      takeRequest(request);
    }
    return count;
  }

  private void takeRequest(BlockRequest request) {
    int head = ring.take();
    if (head >= ring.size()) {
      free.push(request);
      breakRing("descriptor " + head + " is available in a ring of " + ring.size());
      return;
    }
    request.begin(head);
    request.lease = lease;
    lease.requestBegins();
    inFlight++;
    reader.read(ring, lease.memory(), request);
    start(request);
  }

  private @Nullable BlockRequest slot() {
    BlockRequest request = free.poll();
    if (request == null && requests.size() < ring.size()) {
      request = new BlockRequest(requests.size());
      requests.add(request);
    }
    return request;
  }

  private boolean start(BlockRequest request) {
    switch (executor.start(request)) {
      case STARTED -> {}
      case FINISHED -> giveBack(request);
      case FULL -> {
        waiting.add(request);
        return false;
      }
    }
    return true;
  }

  private int startWaiting() {
    int count = 0;
    for (int n = waiting.size(); n > 0; n--) {
      if (!start(waiting.remove())) {
        break;
      }
      count++;
    }
    return count;
  }

  private void completed(long tag, int status) {
    BlockRequest request = requests.get((int) tag);
    try {
      switch (executor.completed(request, status)) {
        case PENDING -> {}
        case AGAIN -> start(request);
        case OVER -> giveBack(request);
      }
      if (!waiting.isEmpty()) {
        startWaiting();
        channel.submit();
      }
    } catch (InternalError fault) {
      breakRing("guest memory is not there any more");
    }
    if (ended) {
      drain();
    } else {
      polling.activate();
    }
  }

  private void giveBack(BlockRequest request) {
    int head = request.head;
    int written = RequestExecutor.written(request);
    try {
      if (!broken && request.hasStatus()) {
        request.writeStatus(request.result);
      }
    } finally {
      recycle(request);
    }
    if (!broken) {
      ring.complete(head, written);
    }
  }

  private void recycle(BlockRequest request) {
    inFlight--;
    free.push(request);
    MemoryLease held = request.lease;
    if (held != null) {
      request.lease = null;
      held.requestEnds();
    }
  }

  private void signal() {
    if (!broken && ring.hasNews() && ring.mustSignal() && call != null) {
      call.raise();
    }
  }

  private void drain() {
    Runnable next = onDrained;
    if (inFlight == 0 && next != null) {
      onDrained = null;
      if (!broken) {
        signal();
      }
      next.run();
    }
  }

  private void release(Runnable then) {
    setKick(null);
    if (call != null) {
      call.close();
      call = null;
    }
    // What never came back: requests that were waiting, or were cut off by a fault.
    for (BlockRequest request : requests) {
      if (request.lease != null) {
        recycle(request);
      }
    }
    lease.end();
    arena.close();
    then.run();
  }

  private void breakRing(String reason) {
    if (!broken) {
      broken = true;
      polling.deactivate();
      LOG.warn("{} is not served any more: {}", name, reason);
      observer.ringBroke(reason);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
