package io.ubiblk.core.layer;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Counts what passes: requests, bytes, failures and latencies by kind of request. Latencies are
 * taken from the reactor's clock, which stands still during a turn, so that no request pays for
 * reading a clock.
 */
public final class StatisticsDevice extends ForwardingBlockDevice {

  private final List<ChannelStatistics> open = new ArrayList<>();
  private Map<Operation, OperationStatistics> closed = new EnumMap<>(Operation.class);

  /**
   * Creates the layer.
   *
   * @param delegate the device to count for, owned by this one from now on
   */
  public StatisticsDevice(BlockDevice delegate) {
    super(delegate);
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    ChannelStatistics statistics = new ChannelStatistics();
    StatisticsChannel channel =
        StatisticsChannel.open(this, delegate(), reactor, depth, completions, statistics);
    synchronized (open) {
      open.add(statistics);
    }
    return channel;
  }

  /**
   * Takes a snapshot. Any thread.
   *
   * @return what all channels have done since this layer was created, those that have been closed
   *     included
   */
  public DeviceStatistics statistics() {
    synchronized (open) {
      EnumMap<Operation, OperationStatistics> sum = new EnumMap<>(Operation.class);
      sum.putAll(closed);
      long inFlight = 0;
      for (ChannelStatistics channel : open) {
        channel.addTo(sum);
        inFlight += channel.inFlight();
      }
      return new DeviceStatistics(sum, inFlight);
    }
  }

  /** A channel has finished: its numbers are kept. */
  void closed(ChannelStatistics statistics) {
    synchronized (open) {
      if (open.remove(statistics)) {
        EnumMap<Operation, OperationStatistics> sum = new EnumMap<>(Operation.class);
        sum.putAll(closed);
        statistics.addTo(sum);
        closed = sum;
      }
    }
  }
}
