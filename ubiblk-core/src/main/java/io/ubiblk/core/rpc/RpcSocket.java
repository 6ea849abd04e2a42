package io.ubiblk.core.rpc;

import io.ubiblk.api.BlockDeviceException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The listening socket. One that a dead process left at its path is replaced; one that somebody
 * answers on, and anything that is no socket, is left alone and refused.
 */
final class RpcSocket implements AutoCloseable {

  /** {@code sun_path} holds this much, with a NUL behind it. */
  private static final int LONGEST_PATH = 107;

  private static final int UNIX_MODE_TYPE = 0170000;
  private static final int UNIX_MODE_SOCKET = 0140000;
  private static final int BACKLOG = 128;

  private final Path path;
  private final ServerSocketChannel channel;
  private final @Nullable Object identity;

  private RpcSocket(Path path, ServerSocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.identity = identity(path);
  }

  /**
   * Begins to listen. The socket can be connected to by its owner and its group only; under an
   * umask that takes nothing away, others could for a moment.
   */
  static RpcSocket bind(Path path) throws IOException {
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > LONGEST_PATH) {
      throw new IllegalArgumentException(
          "socket path " + path + " has " + length + " bytes, expected 1 to " + LONGEST_PATH);
    }
    removeStale(path);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(path), BACKLOG);
      channel.configureBlocking(false);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
      return new RpcSocket(path, channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The channel, not blocking. */
  ServerSocketChannel channel() {
    return channel;
  }

  Path path() {
    return path;
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
    // A queue of connections that is full must not make this wait.
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (ConnectException nobodyAnswers) {
      Files.deleteIfExists(path);
      return;
    } catch (IOException e) {
      throw new BlockDeviceException.Busy(path + " may be in use: " + e.getMessage());
    }
    throw new BlockDeviceException.Busy(path + " is in use: somebody answers on it");
  }

  private static @Nullable Object identity(Path path) throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        ? Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS)
        : null;
  }
}
