package io.ubiblk.core.rpc;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.layer.QueueTracker;
import io.ubiblk.core.lazy.FetchProgress;
import java.util.List;
import java.util.Optional;

/** What an {@link RpcServer} answers about. Called on the server's thread; must not block. */
public interface RpcSubject {

  /** {@return the program's version} */
  String version();

  /** {@return how far the disk has been filled, or empty if it has no metadata} */
  Optional<FetchProgress> fetchProgress();

  /** {@return what the queues have done and are doing, by number of the queue} */
  List<QueueTracker> queues();

  /** {@return what the disk has done, by kind of request} */
  DeviceStatistics statistics();

  /** {@return the program's log level} */
  LogLevel logLevel();

  /** {@return how the disk is doing} */
  default Health health() {
    return HealthCheck.of(this);
  }

  /**
   * Makes the subject for a disk.
   *
   * @param version the program's version
   * @param disk the disk, still open while the server runs
   * @param queues the trackers of the layer that the frontend serves
   * @param logLevel the program's log level
   * @return the subject
   */
  static RpcSubject of(
      String version, VirtualDisk disk, List<QueueTracker> queues, LogLevel logLevel) {
    return new DiskSubject(version, disk, queues, logLevel);
  }
}
