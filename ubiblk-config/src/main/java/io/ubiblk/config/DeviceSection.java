package io.ubiblk.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The disk itself: the section {@code device}.
 *
 * @param dataPath the file or block device that holds the data
 * @param metadataPath the file that remembers which stripes have been fetched and written, or null;
 *     with it the disk is filled lazily
 * @param vhostSocket where the vhost-user socket is to be, or null
 * @param rpcSocket where the RPC socket is to be, or null for no RPC
 * @param deviceId what the disk calls itself to guests, who see the first 20 bytes
 * @param trackWritten whether the metadata remembers which stripes were written; without a metadata
 *     file it has no effect
 */
public record DeviceSection(
    Path dataPath,
    @Nullable Path metadataPath,
    @Nullable Path vhostSocket,
    @Nullable Path rpcSocket,
    String deviceId,
    boolean trackWritten) {

  /** The device id unless one is given. */
  public static final String DEFAULT_DEVICE_ID = "ubiblk";
}
