package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A vhost-user-blk frontend with driver, ready for I/O: what a virtual machine is to a backend.
 *
 * <p>Memory, rings and requests in flight belong to the client and outlive a connection: see {@link
 * #reconnect}. One thread at a time may use the client; its queues may be used by one thread each.
 */
public final class VhostBlkClient implements AutoCloseable {

  private final VhostBlkOptions options;
  private final GuestMemory memory;
  private final List<ClientQueue> queues = new ArrayList<>();
  private @Nullable InflightArea inflight;
  private VhostSession session;

  private VhostBlkClient(VhostBlkOptions options) throws IOException, InterruptedException {
    this.options = options;
    GuestMemory given = options.memory();
    memory = given == null ? GuestMemory.of(options.memorySize()) : given;
    try {
      session = VhostSession.open(options, memory, null);
    } catch (IOException | InterruptedException | RuntimeException e) {
      closeMemory();
      throw e;
    }
    try {
      addQueues();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Connects with the options that suit most purposes.
   *
   * @param socket path of the backend's socket
   * @return the client, ready for I/O, owned by the caller
   * @throws IOException if nobody listens there or the backend refuses something
   * @throws InterruptedException if the thread is interrupted while it waits for a connection
   */
  public static VhostBlkClient connect(Path socket) throws IOException, InterruptedException {
    return connect(VhostBlkOptions.at(socket));
  }

  /**
   * Connects.
   *
   * @param options what the client shall be like
   * @return the client, ready for I/O, owned by the caller
   * @throws IOException if nobody listens there or the backend refuses something
   * @throws InterruptedException if the thread is interrupted while it waits for a connection
   */
  public static VhostBlkClient connect(VhostBlkOptions options)
      throws IOException, InterruptedException {
    return new VhostBlkClient(options);
  }

  /**
   * Returns a queue.
   *
   * @param index 0 for the first
   * @return the queue
   */
  public DriverQueue queue(int index) {
    return queues.get(index).driver();
  }

  /** {@return the number of queues} */
  public int queueCount() {
    return queues.size();
  }

  /**
   * Returns what the driver rings when there are new requests.
   *
   * @param index 0 for the first queue
   * @return the notifier, owned by the client, or null if the device shall poll
   */
  public @Nullable Notifier kick(int index) {
    return queues.get(index).kick();
  }

  /**
   * Returns what the backend rings when requests have come back.
   *
   * @param index 0 for the first queue
   * @return the notifier, owned by the client, or null if the driver polls
   */
  public @Nullable Notifier call(int index) {
    return queues.get(index).call();
  }

  /**
   * Returns what the backend rings when it cannot go on with a ring.
   *
   * @param index 0 for the first queue
   * @return the notifier, owned by the client
   */
  public Notifier error(int index) {
    return queues.get(index).error();
  }

  /**
   * Reads the device's configuration space.
   *
   * @return what it says now
   * @throws IOException if the backend refuses or does not answer
   */
  public BlkConfig config() throws IOException {
    return BlkConfig.parse(session.frontend().config(0, BlkConfig.SIZE));
  }

  /**
   * Switches the device's write cache.
   *
   * @param on whether writes may be held back until a flush
   * @throws IOException if the backend refuses or does not answer
   */
  public void setWriteback(boolean on) throws IOException {
    session.frontend().setConfig(BlkConfig.WRITEBACK_OFFSET, 0, (byte) (on ? 1 : 0));
  }

  /** {@return the features that were negotiated, see {@link VirtioFeatures}} */
  public long features() {
    return session.features();
  }

  /** {@return the protocol features that were negotiated, see {@link ProtocolFeatures}} */
  public long protocolFeatures() {
    return session.frontend().negotiatedProtocolFeatures();
  }

  /** {@return the guest's memory} */
  public GuestMemory memory() {
    return memory;
  }

  /** {@return the present connection's frontend, to send messages beside the client's} */
  public VhostUserFrontend frontend() {
    return session.frontend();
  }

  /** {@return the memory that tracks requests in flight, or null where it is not negotiated} */
  public @Nullable InflightArea inflight() {
    return inflight;
  }

  /** {@return the channel for the backend's requests, or null where it is not negotiated} */
  public @Nullable BackendChannel backendChannel() {
    return session.backendChannel();
  }

  /**
   * Enables or disables a queue's ring, where that is negotiated.
   *
   * @param index 0 for the first queue
   * @param enabled which of the two
   * @throws IOException if the backend refuses or does not answer
   */
  public void setEnabled(int index, boolean enabled) throws IOException {
    if ((features() & VirtioFeatures.PROTOCOL_FEATURES) != 0) {
      session.frontend().ring(index).setEnabled(enabled);
    }
  }

  /**
   * Stops a queue's ring. A backend answers when the requests that it has taken are done; what came
   * back can be polled afterwards.
   *
   * @param index 0 for the first queue
   * @return index of the next available entry that the backend would have taken
   * @throws IOException if the backend does not answer
   */
  public int stop(int index) throws IOException {
    return session.frontend().ring(index).stop();
  }

  /**
   * Starts a queue's ring that was {@linkplain #stop stopped}.
   *
   * @param index 0 for the first queue
   * @param base what stopping it returned
   * @throws IOException if the backend refuses or does not answer
   */
  public void start(int index, int base) throws IOException {
    ClientQueue queue = queues.get(index);
    queue.start(session.frontend(), base);
    if (options.enabled()) {
      setEnabled(index, true);
    }
    // What was submitted meanwhile was kicked at a ring that did not run.
    queue.driver().async().forceKick();
  }

  /**
   * Closes the connection, without a word, and connects anew, be it to the same backend or to one
   * that has taken its place. Requests that have not come back are offered anew, unless the backend
   * tracks requests in flight: then it is told what the old one left. What came back before is
   * delivered by the next poll.
   *
   * @throws IOException if nobody listens in time or the backend refuses something
   * @throws InterruptedException if the thread is interrupted while it waits for a connection
   */
  public void reconnect() throws IOException, InterruptedException {
    long before = features();
    session.close();
    session = VhostSession.open(options, memory, inflight);
    if (features() != before) {
      throw new IOException(
          "the backend now has features 0x"
              + Long.toHexString(features())
              + ", the driver runs with 0x"
              + Long.toHexString(before));
    }
    for (int i = 0; i < queues.size(); i++) {
      AsyncQueue queue = queues.get(i).driver().async();
      if (inflight == null) {
        queue.offerAgain();
      } else {
        queue.catchUp();
      }
      start(i, queue.usedIndex());
    }
  }

  /**
   * Closes the connection without a word, and the memory unless it was given. Requests that have
   * not come back are forgotten.
   *
   * @throws IOException if closing fails
   */
  @Override
  public void close() throws IOException {
    try {
      session.close();
      if (inflight != null) {
        inflight.close();
      }
    } finally {
      queues.forEach(ClientQueue::close);
      queues.clear();
      closeMemory();
    }
  }

  private void addQueues() throws IOException {
    if (session.has(ProtocolFeatures.INFLIGHT_SHMFD)) {
      inflight = session.frontend().inflight(options.queues(), options.queueSize());
      session.frontend().setInflight(inflight);
    }
    for (int i = 0; i < options.queues(); i++) {
      queues.add(new ClientQueue(i, options, memory, session.features()));
      start(i, 0);
    }
  }

  private void closeMemory() {
    if (options.memory() == null) {
      memory.close();
    }
  }
}
