package io.ubiblk.examples.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A symbolic link to a block device, there as long as the device is served. That it cannot be made
 * or removed is logged and no failure: the device works without it.
 */
public final class DeviceLink implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceLink.class);

  /** As many as the kernel follows. */
  private static final int MOST_LINKS = 40;

  private final Path link;
  private final Path device;

  private DeviceLink(Path link, Path device) {
    this.link = link;
    this.device = device;
  }

  /**
   * Looks whether a link would replace one of the files that it must not.
   *
   * @param link where the link is to be
   * @param files what must stay; they need not exist
   * @return the file that is at the link's place, or null
   */
  public static @Nullable Path findReplaced(Path link, List<Path> files) {
    Path place = place(link);
    for (Path file : files) {
      if (isOneOfTheNames(place, file) || isSameFile(link, file)) {
        return file;
      }
    }
    return null;
  }

  /**
   * Makes a link, and the folders above it. What is in its place is replaced, but a folder is not.
   *
   * @param link where the link is to be
   * @param device what it leads to
   * @return the link, or null if it could not be made
   */
  public static @Nullable DeviceLink create(Path link, Path device) {
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
      return new DeviceLink(link, device);
    } catch (IOException e) {
      LOG.warn("{} cannot be made a link to {}: {}", link, device, e.toString());
      return null;
    }
  }

  @Override
  public String toString() {
    return link.toString();
  }

  /** Removes the link, if it still leads to the device. */
  @Override
  public void close() {
    try {
      if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(device)) {
        Files.delete(link);
      } else if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        LOG.warn("{} is no link to {} any more and stays", link, device);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", link, e.toString());
    }
  }

  /** The name of a file in the folder that it really is in. */
  private static Path place(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    Path folder = absolute.getParent();
    Path name = absolute.getFileName();
    try {
      return folder == null || name == null ? absolute : folder.toRealPath().resolve(name);
    } catch (IOException e) {
      // A folder that does not exist has no other name.
      return absolute;
    }
  }

  /** Whether a place is that of a file, or of a link on the way to it. */
  private static boolean isOneOfTheNames(Path place, Path file) {
    Path name = place(file);
    try {
      for (int links = 0; links < MOST_LINKS; links++) {
        if (name.equals(place)) {
          return true;
        }
        name = place(name.resolveSibling(Files.readSymbolicLink(name)));
      }
    } catch (IOException e) {
      // It is the file itself, or nothing.
      return false;
    }
    return false;
  }

  /** Whether two names stand for one file, of which the first is no symbolic link. */
  private static boolean isSameFile(Path link, Path file) {
    try {
      return !Files.isSymbolicLink(link) && Files.isSameFile(link, file);
    } catch (IOException e) {
      // One of them does not exist.
      return false;
    }
  }
}
