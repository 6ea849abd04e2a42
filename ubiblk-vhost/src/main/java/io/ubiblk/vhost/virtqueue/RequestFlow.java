package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.MemoryFault;
import io.ubiblk.vhost.memory.GuestMemory;
import java.util.concurrent.Executor;

/**
 * What happens to the requests of a ring: they are taken from it, started on the channel, and put
 * into its used ring when they are over. The driver sees a batch of them at once, after {@link
 * #publish}. Confined to the reactor's thread.
 *
 * <p>Every method may throw the {@link InternalError} of an access to guest memory that is not
 * there any more. Whoever calls looks at {@link MemoryFault} before it believes a result, and calls
 * {@link #silence} if there was one.
 */
final class RequestFlow {

  // What is taken in one turn, but for the last chain. Small, because storage that answers at once
  // (a page cache) does its work while the turn's requests are submitted: the driver then sees to
  // one batch while we see to the next. Other queues have their turn in between.
  private static final int MOST_TAKEN = 8;
  private static final long MOST_BYTES = 256 * 1024;
  private static final int MOST_DESCRIPTORS = 8192;

  /** Returned where the driver has broken the rules of the ring. */
  static final int BROKEN = -1;

  private final SplitRing ring;
  private final ChainReader reader;
  private final RequestExecutor executor;
  private final BlockChannel channel;
  private final RingObserver observer;
  private final Executor blocking;
  private final RequestSlots slots;
  private MemoryLease lease;

  /** Nothing is given back any more, and nothing is written to guest memory. */
  private boolean silent;

  private String fault = "";

  // What the turn has taken so far.
  private int descriptors;
  private long bytes;

  /**
   * Creates the flow.
   *
   * @param memory what the ring lies in; the flow becomes a user of its own
   * @param blocking where to give memory up
   */
  RequestFlow(
      SplitRing ring,
      ChainReader reader,
      RequestExecutor executor,
      BlockChannel channel,
      GuestMemory memory,
      RingObserver observer,
      Executor blocking) {
    this.ring = ring;
    this.reader = reader;
    this.executor = executor;
    this.channel = channel;
    this.observer = observer;
    this.blocking = blocking;
    this.slots = new RequestSlots(ring.size());
    this.lease = new MemoryLease(memory.retain(), blocking);
  }

  boolean isSilent() {
    return silent;
  }

  /** Gives nothing back from now on, and writes nothing to guest memory. */
  void silence() {
    silent = true;
  }

  /** Whether only a completion makes room for another request. */
  boolean isFull() {
    return slots.isFull();
  }

  int inFlight() {
    return slots.inFlight();
  }

  /** What the driver did, after {@link #BROKEN}. */
  String fault() {
    return fault;
  }

  /**
   * Takes what is available, within limits.
   *
   * @return how many requests were taken, or {@link #BROKEN}; those before the fault were taken
   */
  int take() {
    int available = ring.available();
    if (available == 0) {
      return 0;
    }
    if (available > ring.size()) {
      fault = available + " requests are available in a ring of " + ring.size();
      return BROKEN;
    }
    ring.suppressKicks();
    int most = Math.min(available, MOST_TAKEN);
    int count = 0;
    descriptors = 0;
    bytes = 0;
    while (count < most && descriptors < MOST_DESCRIPTORS && bytes < MOST_BYTES) {
      int taken = takeOne();
      if (taken <= 0) {
        return taken == BROKEN ? BROKEN : count;
      }
      count += taken;
    }
    return count;
  }

  /** Takes a request; returns 1, or 0 if there is no slot for it. */
  private int takeOne() {
    int head = ring.head();
    // A fault that came to light amid our own records would leave them half done.
    MemoryFault.surface();
    if (head >= ring.size()) {
      fault = "descriptor " + head + " is available in a ring of " + ring.size();
      return BROKEN;
    }
    BlockRequest request = slots.begin(head, lease);
    if (request == null) {
      return 0;
    }
    ring.take();
    descriptors += reader.read(ring, lease.memory(), request);
    MemoryFault.surface();
    slots.count(request);
    bytes += request.in.byteSize() + request.out.byteSize();
    start(request);
    return 1;
  }

  /** Starts what waits for the channel to take more; returns how many requests it took. */
  int startWaiting() {
    int count = 0;
    for (int n = slots.waiting(); n > 0; n--) {
      if (!start(slots.nextWaiting())) {
        break;
      }
      count++;
    }
    return count;
  }

  /** Takes the outcome of a call of the channel. */
  void completed(long tag, int status) {
    BlockRequest request = slots.get(tag);
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
  }

  /**
   * Shows the driver what was given back since the last call.
   *
   * @return whether there was something for which the driver wants to be interrupted
   */
  boolean publish() {
    if (silent || !ring.hasNews()) {
      return false;
    }
    boolean wanted = ring.publish();
    MemoryFault.surface();
    return wanted;
  }

  /** Goes on in other memory; requests in flight keep the memory that they began with. */
  void move(RingSetup setup, GuestMemory memory) throws BlockDeviceException.BadFormat {
    setup.relocate(ring, memory);
    lease.end();
    lease = new MemoryLease(memory.retain(), blocking);
  }

  /** No request begins any more. */
  void endLease() {
    lease.end();
  }

  /** Forgets every request, when the channel touches nothing any more. */
  void end() {
    silent = true;
    slots.endAll();
    lease.end();
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

  private void giveBack(BlockRequest request) {
    MemoryLease held = request.lease;
    if (request.vanished && held != null) {
      observer.memoryFaulted(held.memory());
    }
    if (!silent) {
      request.writeStatus();
      ring.complete(request.head, RequestExecutor.written(request));
      MemoryFault.surface();
    }
    slots.end(request);
  }
}
