package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A queue's requests without waiting: submit many, kick once, poll what came back.
 *
 * <p>Every request that was accepted comes back exactly once, or the device has done what it must
 * not: that is a {@link DeviceViolationException}. Submitting and polling allocate nothing, once
 * the first requests have been through, for requests whose indirect table fits in the room that was
 * set aside. One thread at a time may use a queue.
 */
public final class AsyncQueue {

  private final Virtqueue virtqueue;
  private final SlotTable slots;
  private final boolean indirect;
  private final DescriptorList chain = new DescriptorList();
  private final DescriptorList reference = new DescriptorList();
  private final DescriptorList data = new DescriptorList();
  private final ArrayDeque<Completion> heldBack = new ArrayDeque<>();
  private final Virtqueue.UsedListener used = this::used;
  private final CompletionListener holdBack = this::holdBack;
  private @Nullable CompletionListener listener;
  private int awaitedSlot = -1;
  private @Nullable Completion awaited;

  AsyncQueue(Virtqueue virtqueue, SlotTable slots, boolean indirect) {
    this.virtqueue = virtqueue;
    this.slots = slots;
    this.indirect = indirect;
  }

  /**
   * Submits a read into one buffer.
   *
   * @param sector first sector
   * @param address guest address of the buffer
   * @param length in bytes
   * @param tag handed to the listener
   * @return false if the ring is full
   */
  public boolean submitRead(long sector, long address, int length, long tag) {
    return submit(BlkRequest.IN, sector, data.clear().writable(address, length), tag);
  }

  /**
   * Submits a write from one buffer.
   *
   * @param sector first sector
   * @param address guest address of the buffer
   * @param length in bytes
   * @param tag handed to the listener
   * @return false if the ring is full
   */
  public boolean submitWrite(long sector, long address, int length, long tag) {
    return submit(BlkRequest.OUT, sector, data.clear().readable(address, length), tag);
  }

  /**
   * Submits a flush.
   *
   * @param tag handed to the listener
   * @return false if the ring is full
   */
  public boolean submitFlush(long tag) {
    return submit(BlkRequest.FLUSH, 0, data.clear(), tag);
  }

  /**
   * Submits a request. Header and status are added; where the device takes them, the chain is put
   * into an indirect table.
   *
   * @param type a type of {@link BlkRequest}, or any number
   * @param sector first sector
   * @param buffers the data; the list may be used again after the call
   * @param tag handed to the listener
   * @return false if the ring is full
   */
  public boolean submit(int type, long sector, DescriptorList buffers, long tag) {
    return submitSlot(type, sector, buffers, tag) >= 0;
  }

  /**
   * Submits a chain of any shape, as it is.
   *
   * @param descriptors the chain, with at least one descriptor
   * @param statusAddress guest address of the byte in which to look for the status when the chain
   *     comes back, set to {@link BlkRequest#NO_STATUS} until then; negative if there is none
   * @param tag handed to the listener
   * @return false if the ring is full
   */
  public boolean submitChain(DescriptorList descriptors, long statusAddress, long tag) {
    return submitChainSlot(descriptors, statusAddress, tag) >= 0;
  }

  /**
   * Makes everything submitted visible to the device, and notifies it if it wants that.
   *
   * @return whether it was notified
   * @throws IOException if the notification cannot be written
   */
  public boolean kick() throws IOException {
    return virtqueue.publish();
  }

  /**
   * Notifies the device whether it wants that or not, and makes nothing visible.
   *
   * @throws IOException if the notification cannot be written
   */
  public void forceKick() throws IOException {
    virtqueue.forceKick();
  }

  /**
   * Delivers what came back. Does not wait.
   *
   * @param completions called for each request
   * @return how many came back
   * @throws DeviceViolationException if the device did what it must not
   */
  public int poll(CompletionListener completions) {
    int delivered = 0;
    Completion held;
    while ((held = heldBack.poll()) != null) {
      completions.completed(held.tag(), held.status(), held.usedLength());
      delivered++;
    }
    listener = completions;
    return delivered + virtqueue.poll(used);
  }

  /**
   * Asks the device for a call and waits for it until something has come back; where there is no
   * call, polls.
   *
   * @param timeout how long to wait
   * @return whether something has come back, to be polled
   * @throws DeviceViolationException if something came back without the call that was asked for
   * @throws IOException if waiting fails
   */
  public boolean await(Duration timeout) throws IOException {
    return !heldBack.isEmpty() || virtqueue.await(timeout);
  }

  /**
   * Polls until something has come back, without asking for a call.
   *
   * @param timeout how long to wait
   * @return whether something has come back, to be polled
   */
  public boolean spin(Duration timeout) {
    return !heldBack.isEmpty() || virtqueue.spin(timeout);
  }

  /**
   * Kicks and waits until every request has come back.
   *
   * @param completions called for each request
   * @param timeout how long to wait in all
   * @throws DeviceViolationException if some have not come back in time, or if the device did
   *     something else that it must not
   * @throws IOException if waiting fails
   */
  public void drain(CompletionListener completions, Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    kick();
    poll(completions);
    while (inFlight() > 0) {
      long left = deadline - System.nanoTime();
      if (!await(Duration.ofNanos(Math.max(left, 0))) && left <= 0) {
        throw new DeviceViolationException(virtqueue.describeOutstanding() + " after " + timeout);
      }
      poll(completions);
    }
  }

  /** {@return how many requests have not come back} */
  public int inFlight() {
    return virtqueue.inFlight();
  }

  /** {@return the index of the next used entry that will be delivered} */
  public int usedIndex() {
    return virtqueue.lastUsed();
  }

  /** {@return how many calls were waited for and came} */
  public long calls() {
    return virtqueue.calls();
  }

  /** {@return the ring's memory, to be looked at or tampered with} */
  public SplitRing ring() {
    return virtqueue.ring();
  }

  /**
   * Offers every request that has not come back anew, for a device that begins at the used index
   * and knows nothing of the one before it. What has come back is held back for {@link #poll}.
   *
   * @throws DeviceViolationException if the device did what it must not
   */
  public void offerAgain() {
    catchUp();
    virtqueue.offerAgain();
  }

  /** Takes what has come back and holds it back for {@link #poll}. */
  void catchUp() {
    listener = holdBack;
    virtqueue.poll(used);
  }

  int submitSlot(int type, long sector, DescriptorList buffers, long tag) {
    int slot = slots.take(tag);
    if (slot < 0) {
      return -1;
    }
    slots.setHeader(slot, type, sector);
    chain.clear().readable(slots.headerAddress(slot), BlkRequest.HEADER_SIZE);
    chain.addAll(buffers).writable(slots.statusAddress(slot), 1);
    DescriptorList direct = chain;
    if (indirect) {
      direct = reference.clear().indirect(slots.writeTable(slot, chain), chain);
    }
    return add(slot, direct);
  }

  int submitChainSlot(DescriptorList descriptors, long statusAddress, long tag) {
    int slot = slots.take(tag);
    if (slot < 0) {
      return -1;
    }
    slots.setStatusAddress(slot, statusAddress);
    return add(slot, descriptors);
  }

  /** Kicks and waits for one request. What comes back meanwhile is held back for {@link #poll}. */
  @Nullable Completion awaitSlot(int slot, Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    awaitedSlot = slot;
    awaited = null;
    try {
      kick();
      catchUp();
      while (awaited == null) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || !virtqueue.await(Duration.ofNanos(left))) {
          return null;
        }
        virtqueue.poll(used);
      }
      return awaited;
    } finally {
      awaitedSlot = -1;
    }
  }

  void close() {
    slots.close();
  }

  private void holdBack(long tag, int status, long usedLength) {
    heldBack.add(new Completion(tag, status, usedLength));
  }

  private int add(int slot, DescriptorList descriptors) {
    if (!virtqueue.add(descriptors, slot)) {
      slots.release(slot);
      return -1;
    }
    return slot;
  }

  private void used(int slot, long usedLength) {
    long tag = slots.tag(slot);
    int status = slots.status(slot);
    slots.release(slot);
    if (slot == awaitedSlot) {
      awaitedSlot = -1;
      awaited = new Completion(tag, status, usedLength);
    } else if (listener != null) {
      listener.completed(tag, status, usedLength);
    }
  }
}
