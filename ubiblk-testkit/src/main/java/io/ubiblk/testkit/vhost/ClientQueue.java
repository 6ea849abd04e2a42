package io.ubiblk.testkit.vhost;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One queue of a client: its ring, its notifiers and its driver. They outlive a connection. */
final class ClientQueue implements AutoCloseable {

  private final int index;
  private final GuestMemory memory;
  private final RingLayout layout;
  private final @Nullable Notifier kick;
  private final @Nullable Notifier call;
  private final Notifier error = Notifier.eventfd();
  private final AsyncQueue async;
  private final DriverQueue driver;

  ClientQueue(int index, VhostBlkOptions options, GuestMemory memory, long features)
      throws IOException {
    this.index = index;
    this.memory = memory;
    layout = RingLayout.allocate(memory, options.queueSize());
    kick = options.kick().open(true);
    call = options.call().open(false);
    boolean eventIndex = (features & VirtioFeatures.EVENT_IDX) != 0;
    boolean indirect = (features & VirtioFeatures.INDIRECT_DESC) != 0;
    int tableEntries = indirect ? options.tableEntries() : 0;
    SlotTable slots = new SlotTable(memory, layout.size(), tableEntries);
    Virtqueue virtqueue = new Virtqueue(new SplitRing(memory, layout), eventIndex, kick, call);
    async = new AsyncQueue(virtqueue, slots, indirect);
    driver = new DriverQueue(memory, async);
    driver.setTimeout(options.timeout());
  }

  DriverQueue driver() {
    return driver;
  }

  @Nullable Notifier kick() {
    return kick;
  }

  @Nullable Notifier call() {
    return call;
  }

  Notifier error() {
    return error;
  }

  /** Tells the backend about the ring, which then begins at an index. */
  void start(VhostUserFrontend frontend, int base) throws IOException {
    VringControl ring = frontend.ring(index);
    ring.setSize(layout.size());
    ring.setBase(base);
    ring.setAddresses(layout, memory);
    if (call == null) {
      ring.setNoCall();
    } else {
      ring.setCall(call);
    }
    ring.setError(error);
    if (kick == null) {
      ring.setNoKick();
    } else {
      ring.setKick(kick);
    }
  }

  @Override
  public void close() {
    async.close();
    layout.free(memory);
    error.close();
    if (kick != null) {
      kick.close();
    }
    if (call != null) {
      call.close();
    }
  }
}
