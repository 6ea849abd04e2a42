package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A correct driver's use of a split ring: which descriptors are free, which chains are outstanding,
 * and who wants to be notified of what. Whatever the device may not do is a {@link
 * DeviceViolationException}.
 *
 * <p>The driver's records are its own; nothing is believed that was read back from shared memory.
 */
final class Virtqueue {

  /** Receives what comes back. */
  @FunctionalInterface
  interface UsedListener {
    void used(int token, long usedLength);
  }

  /** A device that called late is given this long before it counts as one that did not call. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private final SplitRing ring;
  private final int size;
  private final boolean eventIndex;
  private final @Nullable Notifier kick;
  private final @Nullable Notifier call;

  /** Place of the next free descriptor; the places of a chain that is out are linked likewise. */
  private final int[] link;

  private final int[] lastOfChain;
  private final int[] countOfChain;
  private final int[] tokens;
  private final long[] writable;
  private final boolean[] outstanding;
  private final int[] places;

  private int freeHead;
  private int free;
  private int inFlight;
  private int added;
  private int published;
  private int lastUsed;
  private long calls;

  /** Whether the call may have rung for something that was seen without it. */
  private boolean stale = true;

  /**
   * Creates the driver's side of a ring and clears the ring.
   *
   * @param kick rung where the device wants it, or null where it polls
   * @param call waited for, or null to poll
   */
  Virtqueue(SplitRing ring, boolean eventIndex, @Nullable Notifier kick, @Nullable Notifier call) {
    this.ring = ring;
    this.size = ring.layout().size();
    this.eventIndex = eventIndex;
    this.kick = kick;
    this.call = call;
    link = new int[size];
    lastOfChain = new int[size];
    countOfChain = new int[size];
    tokens = new int[size];
    writable = new long[size];
    outstanding = new boolean[size];
    places = new int[size];
    for (int i = 0; i < size; i++) {
      link[i] = i + 1;
    }
    free = size;
    ring.clear();
    suppressCalls();
  }

  SplitRing ring() {
    return ring;
  }

  int inFlight() {
    return inFlight;
  }

  int lastUsed() {
    return lastUsed;
  }

  long calls() {
    return calls;
  }

  /**
   * Adds a chain, not yet visible to the device.
   *
   * @return whether there were as many free descriptors
   */
  boolean add(DescriptorList chain, int token) {
    int count = chain.count();
    if (count == 0) {
      throw new IllegalArgumentException("a chain without descriptors");
    }
    if (count > free) {
      return false;
    }
    int head = freeHead;
    int place = head;
    for (int i = 0; i < count; i++) {
      places[i] = place;
      place = link[place];
    }
    freeHead = place;
    free -= count;
    chain.writeTo(ring, places);
    lastOfChain[head] = places[count - 1];
    countOfChain[head] = count;
    tokens[head] = token;
    writable[head] = chain.writableBytes();
    outstanding[head] = true;
    inFlight++;
    ring.setAvailableEntry(added, head);
    added = added + 1 & 0xffff;
    return true;
  }

  /** Makes added chains visible, and kicks if the device wants to know. */
  boolean publish() throws IOException {
    int before = published;
    published = added;
    ring.setAvailableIndex(added);
    // The device's wish must be read after it can see the index, or both sides wait.
    VarHandle.fullFence();
    if (kick == null || before == added || !wantsKick(before)) {
      return false;
    }
    kick.signal();
    return true;
  }

  /** Kicks whether the device wants it or not. */
  void forceKick() throws IOException {
    if (kick != null) {
      kick.signal();
    }
  }

  /** Whether something came back that {@link #poll} has not delivered. */
  boolean hasUsed() {
    return ring.usedIndex() != lastUsed;
  }

  /** Delivers what came back. */
  int poll(UsedListener listener) {
    int arrived = ring.usedIndex() - lastUsed & 0xffff;
    if (arrived > inFlight) {
      throw new DeviceViolationException(
          "used index is "
              + ring.usedIndex()
              + ", but of "
              + inFlight
              + " chains after index "
              + lastUsed
              + " no more than that many can come back");
    }
    for (int i = 0; i < arrived; i++) {
      takeUsed(listener);
    }
    return arrived;
  }

  /**
   * Waits for the device's call until something has come back.
   *
   * @return whether something has come back in time
   */
  boolean await(Duration timeout) throws IOException {
    if (call == null) {
      return spin(timeout);
    }
    if (hasUsed()) {
      return true;
    }
    if (stale) {
      call.drain();
      stale = false;
    }
    demandCall();
    if (hasUsed()) {
      suppressCalls();
      stale = true;
      return true;
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long left = deadline - System.nanoTime();
      boolean rang = left > 0 && call.await(Duration.ofNanos(left));
      calls += rang ? 1 : 0;
      if (hasUsed()) {
        checkCalled(rang);
        suppressCalls();
        return true;
      }
      if (!rang && left <= 0) {
        return false;
      }
    }
  }

  /** Polls until something has come back. */
  boolean spin(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!hasUsed()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }

  /**
   * Makes the available ring name exactly the chains that are out, so that a device that begins at
   * the used index takes each of them once, whatever order the last device used them in.
   */
  void offerAgain() {
    int index = ring.usedIndex();
    if (index != lastUsed) {
      throw new IllegalStateException("what came back must be polled before chains are offered");
    }
    for (int head = 0; head < size; head++) {
      if (outstanding[head]) {
        ring.setAvailableEntry(index, head);
        index = index + 1 & 0xffff;
      }
    }
    added = index;
    published = index;
    ring.setAvailableIndex(index);
  }

  /** Names chains that are out, for messages. */
  String describeOutstanding() {
    StringBuilder heads = new StringBuilder();
    int shown = 0;
    for (int head = 0; head < size && shown < 8; head++) {
      if (outstanding[head]) {
        heads.append(shown++ == 0 ? "" : ", ").append(head);
      }
    }
    return inFlight + " chains outstanding (heads " + heads + (inFlight > shown ? ", ...)" : ")");
  }

  private void takeUsed(UsedListener listener) {
    long id = ring.usedHead(lastUsed);
    long length = ring.usedLength(lastUsed);
    int index = lastUsed;
    lastUsed = lastUsed + 1 & 0xffff;
    if (id >= size || !outstanding[(int) id]) {
      throw new DeviceViolationException(
          "used entry " + index + " names chain " + id + ", which is not outstanding");
    }
    int head = (int) id;
    outstanding[head] = false;
    inFlight--;
    link[lastOfChain[head]] = freeHead;
    freeHead = head;
    free += countOfChain[head];
    if (length > writable[head]) {
      throw new DeviceViolationException(
          "used entry "
              + index
              + " claims "
              + length
              + " bytes written to chain "
              + head
              + ", which has room for "
              + writable[head]);
    }
    listener.used(tokens[head], length);
  }

  private boolean wantsKick(int before) {
    if (!eventIndex) {
      return ring.kicksWanted();
    }
    int fromBefore = added - before & 0xffff;
    return (added - ring.availableEvent() - 1 & 0xffff) < fromBefore;
  }

  private void demandCall() {
    if (eventIndex) {
      ring.setUsedEvent(lastUsed);
    } else {
      ring.setCallsWanted(true);
    }
    // What came back before the wish was visible will not be called for: look once more after it.
    VarHandle.fullFence();
  }

  private void suppressCalls() {
    if (eventIndex) {
      ring.setUsedEvent(lastUsed - 1);
    } else {
      ring.setCallsWanted(false);
    }
  }

  private void checkCalled(boolean rang) throws IOException {
    if (!rang && call != null && !call.await(GRACE)) {
      throw new DeviceViolationException(
          "the used index became "
              + ring.usedIndex()
              + " without a call, though one was asked for");
    }
  }
}
