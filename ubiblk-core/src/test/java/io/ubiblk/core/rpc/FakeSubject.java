package io.ubiblk.core.rpc;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.lazy.FetchProgress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A subject whose answers a test sets. */
final class FakeSubject implements RpcSubject {

  volatile @Nullable FetchProgress progress;
  volatile DeviceStatistics statistics = new DeviceStatistics(Map.of(), 0);
  volatile List<QueueTracker> queues;
  volatile String level = "info";

  FakeSubject(List<QueueTracker> queues) {
    this.queues = queues;
  }

  @Override
  public String version() {
    return "0.5.1";
  }

  @Override
  public Optional<FetchProgress> fetchProgress() {
    return Optional.ofNullable(progress);
  }

  @Override
  public List<QueueTracker> queues() {
    return queues;
  }

  @Override
  public DeviceStatistics statistics() {
    return statistics;
  }

  @Override
  public LogLevel logLevel() {
    return new LogLevel() {
      @Override
      public String get() {
        return level;
      }

      @Override
      public void set(String newLevel) {
        level = newLevel;
      }
    };
  }
}
