package io.ubiblk.vhost;

import io.ubiblk.api.BlockDeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * A Unix socket that listens at a path. One that a dead process left there is replaced; one that
 * somebody answers on, and anything that is no socket, is left alone and refused.
 */
final class ListeningSocket implements AutoCloseable {

  /** {@code sun_path} holds this much, with a NUL behind it. */
  private static final int LONGEST_PATH = 107;

  private static final int UNIX_MODE_TYPE = 0170000;
  private static final int UNIX_MODE_SOCKET = 0140000;

  private final Path path;
  private final AFUNIXServerSocketChannel channel;
  private final @Nullable Object identity;

  private ListeningSocket(Path path, AFUNIXServerSocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.identity = identity(path);
  }

  /**
   * Begins to listen. The socket can be connected to by its owner and its group only; under an
   * umask that takes nothing away, others could for a moment.
   */
  static ListeningSocket bind(Path path) throws IOException {
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_PATH) {
      throw new IllegalArgumentException(
          "socket path " + path + " has " + length + " bytes, expected at most " + LONGEST_PATH);
    }
    removeStale(path);
    AFUNIXServerSocketChannel channel = AFUNIXServerSocketChannel.open();
    try {
      // By then somebody else's socket may be there.
      channel.socket().setDeleteOnClose(false);
      channel.bind(AFUNIXSocketAddress.of(path));
      channel.configureBlocking(false);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
      return new ListeningSocket(path, channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The descriptor, for a reactor to watch. */
  int fd() throws IOException {
    return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
  }

  /** The next connection, or null if none waits. */
  @Nullable AFUNIXSocketChannel accept() throws IOException {
    return channel.accept();
  }

  @Override
  public void close() throws IOException {
    // The number of our inode can be somebody else's as soon as the socket is closed.
    boolean ours = identity != null && identity.equals(identity(path));
    channel.close();
    if (ours) {
      Files.deleteIfExists(path);
    }
  }

  private static void removeStale(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & UNIX_MODE_TYPE) != UNIX_MODE_SOCKET) {
      throw new BlockDeviceException.Busy(path + " exists and is no socket; it is left alone");
    }
    try (AFUNIXSocketChannel probe = AFUNIXSocketChannel.open()) {
      probe.connect(AFUNIXSocketAddress.of(path));
      throw new BlockDeviceException.Busy(path + " is in use: somebody answers on it");
    } catch (BlockDeviceException.Busy e) {
      throw e;
    } catch (IOException nobodyAnswers) {
      Files.deleteIfExists(path);
    }
  }

  private static @Nullable Object identity(Path path) throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        ? Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS)
        : null;
  }
}
