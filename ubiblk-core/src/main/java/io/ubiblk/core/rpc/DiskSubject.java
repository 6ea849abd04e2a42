package io.ubiblk.core.rpc;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.lazy.FetchProgress;
import java.util.List;
import java.util.Optional;

/**
 * A disk as the subject of a server.
 *
 * @param version the program's version
 * @param disk the disk
 * @param queues the trackers of its queues
 * @param logLevel the program's log level
 */
record DiskSubject(String version, VirtualDisk disk, List<QueueTracker> queues, LogLevel logLevel)
    implements RpcSubject {

  DiskSubject {
    queues = List.copyOf(queues);
  }

  @Override
  public Optional<FetchProgress> fetchProgress() {
    return disk.fetchProgress();
  }

  @Override
  public DeviceStatistics statistics() {
    return disk.statistics();
  }
}
