package io.ubiblk.core;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.lazy.FetchProgress;
import io.ubiblk.core.lazy.LazyDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A disk, assembled of layers: the way in for programs that embed this library.
 *
 * <pre>{@code
 * try (VirtualDisk disk = VirtualDisk.builder()
 *     .file(Path.of("disk.raw"))
 *     .lazyFrom(Path.of("image.raw"), Path.of("disk.metadata"))
 *     .autofetch(true)
 *     .build()) {
 *   ...
 * }
 * }</pre>
 */
public final class VirtualDisk extends ForwardingBlockDevice {

  private final StatisticsDevice statistics;
  private final @Nullable LazyDevice lazy;
  private final ReactorGroup reactors;

  VirtualDisk(StatisticsDevice statistics, @Nullable LazyDevice lazy, ReactorGroup reactors) {
    super(statistics);
    this.statistics = statistics;
    this.lazy = lazy;
    this.reactors = reactors;
  }

  /** {@return what to describe a disk with} */
  public static VirtualDiskBuilder builder() {
    return new VirtualDiskBuilder();
  }

  /**
   * Takes a snapshot of what has been done through this disk.
   *
   * @return requests, bytes and latencies by kind
   */
  public DeviceStatistics statistics() {
    return statistics.statistics();
  }

  /** {@return how far the disk has been filled, or empty if it has no source} */
  public Optional<FetchProgress> fetchProgress() {
    return Optional.ofNullable(lazy).map(LazyDevice::progress);
  }

  /** {@return the layer that fills the disk, or empty if it has no source} */
  public Optional<LazyDevice> lazy() {
    return Optional.ofNullable(lazy);
  }

  /**
   * Opens the disk for calls that block.
   *
   * @return the access, to be closed before the disk
   * @throws IOException if the disk gives no channel
   */
  public BlockingAccess access() throws IOException {
    return BlockingAccess.open(this, reactors.next());
  }
}
