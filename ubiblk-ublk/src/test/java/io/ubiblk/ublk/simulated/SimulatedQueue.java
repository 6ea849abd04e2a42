package io.ubiblk.ublk.simulated;

import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.ublk.queue.IoDescriptors;
import io.ubiblk.ublk.queue.QueueLink;
import io.ubiblk.ublk.queue.QueueSetup.DriverSide;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a queue: hands over the requests that a test makes, and holds the server to
 * the rules. A rule that is broken fails the request with an {@link AssertionError}.
 */
public final class SimulatedQueue implements DriverSide, QueueLink {

  private static final int ABORT = -19;
  private static final int EINVAL = 22;

  private final int depth;
  private final IoReactor reactor;
  private final ArrayDeque<Integer> waiting = new ArrayDeque<>();
  private final ArrayDeque<SimulatedRequest> queued = new ArrayDeque<>();
  private final @Nullable SimulatedRequest[] owned;
  private final long[] addresses;
  private final Set<Integer> refused = new HashSet<>();
  private MemorySegment descriptors = MemorySegment.NULL;
  private @Nullable IoHandler handler;
  private boolean aborted;
  private boolean dead;
  private boolean closed;

  SimulatedQueue(int depth, IoReactor reactor) {
    this.depth = depth;
    this.reactor = reactor;
    this.owned = new SimulatedRequest[depth];
    this.addresses = new long[depth];
  }

  /** Makes a fetch fail. */
  public synchronized void refuse(int tag) {
    refused.add(tag);
  }

  /** Sends a request; the result is what the server commits. */
  public synchronized CompletableFuture<Integer> send(SimulatedRequest request) {
    queued.add(request);
    dispatch();
    return request.result();
  }

  /** How many fetches wait for a request. */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** Whether the server has closed the queue. */
  public synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized IoDescriptors map(Arena arena) {
    descriptors = arena.allocate((long) depth * IoDescriptors.SIZE, 8);
    return new IoDescriptors(descriptors.asReadOnly());
  }

  @Override
  public synchronized QueueLink open(IoHandler receiver) {
    handler = receiver;
    return this;
  }

  @Override
  public synchronized void fetch(int tag, long address) {
    if (refused.contains(tag)) {
      deliver(tag, -EINVAL);
      return;
    }
    addresses[tag] = address;
    rearm(tag);
  }

  @Override
  public synchronized void commit(int tag, long address, int result) {
    SimulatedRequest request = owned[tag];
    if (request == null) {
      throw new AssertionError("tag " + tag + " is committed, but the server does not have it");
    }
    owned[tag] = null;
    if (dead) {
      return;
    }
    addresses[tag] = address;
    request.finish(address, result);
    rearm(tag);
    notifyAll();
  }

  @Override
  public synchronized void close() {
    assert !closed : "closed twice";
    closed = true;
  }

  /** Whether every tag has been fetched. */
  synchronized boolean isReady() {
    return waiting.size() == depth;
  }

  /** Ends as when the device is stopped: requests are finished, then all fetches come back. */
  synchronized void stop() throws InterruptedException {
    queued.forEach(request -> request.result().complete(-5));
    queued.clear();
    while (!dead && Arrays.stream(owned).anyMatch(request -> request != null)) {
      wait();
    }
    abort();
  }

  /** Gives every fetch back. */
  synchronized void abort() {
    aborted = true;
    while (!waiting.isEmpty()) {
      deliver(waiting.remove(), ABORT);
    }
  }

  /** The server is dead: returns the requests that it has not answered. */
  synchronized ArrayDeque<SimulatedRequest> die() {
    dead = true;
    ArrayDeque<SimulatedRequest> unanswered = new ArrayDeque<>(queued);
    for (SimulatedRequest request : owned) {
      if (request != null) {
        unanswered.add(request);
      }
    }
    queued.clear();
    return unanswered;
  }

  private void rearm(int tag) {
    if (aborted) {
      deliver(tag, ABORT);
    } else {
      waiting.add(tag);
      dispatch();
    }
  }

  private void dispatch() {
    while (!dead && !queued.isEmpty() && !waiting.isEmpty()) {
      int tag = waiting.remove();
      SimulatedRequest request = queued.remove();
      owned[tag] = request;
      long at = (long) tag * IoDescriptors.SIZE;
      descriptors.set(ValueLayout.JAVA_INT, at, request.operation() | request.flags());
      descriptors.set(ValueLayout.JAVA_INT, at + 4, request.sectors());
      descriptors.set(ValueLayout.JAVA_LONG, at + 8, request.sector());
      descriptors.set(ValueLayout.JAVA_LONG, at + 16, addresses[tag]);
      request.fill(addresses[tag]);
      deliver(tag, 0);
    }
  }

  private void deliver(int tag, int result) {
    IoHandler receiver = handler;
    assert receiver != null;
    reactor.execute(() -> receiver.completed(tag, result));
  }
}
