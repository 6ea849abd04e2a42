package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.StreamSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * A socket that listens. A Unix socket that a dead process left is replaced; one that somebody
 * answers on, and anything that is no socket, is left alone and refused.
 */
public final class Listener implements AutoCloseable {

  private static final int BACKLOG = 128;
  private static final int UNIX_MODE_TYPE = 0170000;
  private static final int UNIX_MODE_SOCKET = 0140000;

  private final StreamSocket socket;
  private final @Nullable Path path;
  private final @Nullable Object identity;

  private Listener(StreamSocket socket, @Nullable Path path) throws IOException {
    this.socket = socket;
    this.path = path;
    this.identity = path == null ? null : identity(path);
  }

  /**
   * Listens on a Unix socket, which its owner and its group can connect to.
   *
   * @param path the socket, at most 107 bytes
   * @return the listener
   * @throws BlockDeviceException.Busy if somebody listens there, or it is no socket
   * @throws IOException if the socket cannot be made
   */
  public static Listener at(Path path) throws IOException {
    removeStale(path);
    StreamSocket socket = StreamSocket.listen(path, BACKLOG);
    try {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
      return new Listener(socket, path);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Listens on a TCP port.
   *
   * @param address address and port
   * @return the listener
   * @throws IOException if the address cannot be had
   */
  public static Listener at(InetSocketAddress address) throws IOException {
    return new Listener(StreamSocket.listen(address, BACKLOG), null);
  }

  /**
   * Takes over a socket that listens already; its file, if it has one, stays when it is closed.
   *
   * @param fd its descriptor
   * @return the listener
   * @throws IOException if it is no socket that listens
   */
  public static Listener inherited(int fd) throws IOException {
    return new Listener(StreamSocket.inherited(fd), null);
  }

  StreamSocket socket() {
    return socket;
  }

  @Override
  public void close() throws IOException {
    Path file = path;
    // The number of our inode can be somebody else's as soon as the socket is closed.
    boolean ours = file != null && identity != null && identity.equals(identity(file));
    socket.close();
    if (ours) {
      Files.deleteIfExists(file);
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
    if (answers(path)) {
      throw new BlockDeviceException.Busy(path + " is in use: somebody answers on it");
    }
    Files.deleteIfExists(path);
  }

  private static boolean answers(Path path) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException nobody) {
      return false;
    }
  }

  private static @Nullable Object identity(Path path) throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        ? Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS)
        : null;
  }
}
