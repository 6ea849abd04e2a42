package io.ubiblk.examples.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A symbolic link to a block device, there as long as the device is served. That it cannot be made
 * or removed is logged and no failure: the device works without it.
 */
public final class DeviceLink implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceLink.class);

  private final Path link;

  private DeviceLink(Path link) {
    this.link = link;
  }

  /**
   * Makes a link, and the folders above it. What is in its place is replaced, but a folder is not.
   *
   * @param link where the link is to be
   * @param device what it leads to
   * @return the link
   */
  public static DeviceLink create(Path link, Path device) {
    try {
      Path folder = link.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        if (Files.isDirectory(link, LinkOption.NOFOLLOW_LINKS)) {
          throw new IOException("it is a folder");
        }
        LOG.warn("{} exists and is replaced", link);
        Files.delete(link);
      }
      Files.createSymbolicLink(link, device);
    } catch (IOException e) {
      LOG.warn("{} cannot be made a link to {}: {}", link, device, e.toString());
    }
    return new DeviceLink(link);
  }

  @Override
  public String toString() {
    return link.toString();
  }

  /** Removes the link, if it is one. */
  @Override
  public void close() {
    try {
      if (Files.isSymbolicLink(link)) {
        Files.delete(link);
      } else if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        LOG.warn("{} is no link any more and stays", link);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", link, e.toString());
    }
  }
}
