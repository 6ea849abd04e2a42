package io.ubiblk.core.layer;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Shows what each queue of a disk does. The layer has a fixed number of {@link QueueTracker}s; each
 * channel takes the first that is free, and gives it back when it has been closed. Successive
 * frontends thus add to the same totals. Channels beyond the number of trackers are served and not
 * tracked.
 */
public final class QueueTrackingDevice extends ForwardingBlockDevice {

  private final List<QueueTracker> queues;
  private final BitSet taken = new BitSet();

  /**
   * Creates the layer.
   *
   * @param delegate the device to look at, owned by this one from now on
   * @param queues number of queues that the frontend has
   */
  public QueueTrackingDevice(BlockDevice delegate, int queues) {
    super(delegate);
    if (queues < 1) {
      throw new IllegalArgumentException(queues + " queues, expected at least 1");
    }
    this.queues = Stream.generate(QueueTracker::new).limit(queues).toList();
  }

  /** {@return the trackers, by number of the queue} */
  public List<QueueTracker> queues() {
    return queues;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    QueueTracker tracker = take();
    if (tracker == null) {
      return super.openChannel(reactor, depth, completions);
    }
    try {
      return QueueTrackingChannel.open(this, delegate(), reactor, depth, completions, tracker);
    } catch (IOException | RuntimeException e) {
      release(tracker);
      throw e;
    }
  }

  private @Nullable QueueTracker take() {
    synchronized (taken) {
      int first = taken.nextClearBit(0);
      if (first >= queues.size()) {
        return null;
      }
      taken.set(first);
      return queues.get(first);
    }
  }

  /** A channel has been closed. */
  void release(QueueTracker tracker) {
    tracker.close();
    synchronized (taken) {
      taken.clear(queues.indexOf(tracker));
    }
  }
}
