package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backend's own channel to the frontend. Thread-safe, and never waits.
 *
 * @see <a
 *     href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#back-end-message-types">
 *     vhost-user protocol, back-end message types</a>
 */
final class BackendRequests implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BackendRequests.class);
  private static final int CONFIG_CHANGE = 2;
  private static final int VERSION = 1;

  private final int fd;
  private boolean closed;

  private BackendRequests(int fd) {
    this.fd = fd;
  }

  /**
   * Takes over a socket, also if it is none.
   *
   * @throws BlockDeviceException.BadFormat if the descriptor is no socket
   */
  static BackendRequests of(int fd) throws BlockDeviceException.BadFormat {
    String target = Descriptor.target(fd);
    if (!target.startsWith("socket:")) {
      Descriptor.close(fd);
      throw new BlockDeviceException.BadFormat(
          "a descriptor of " + target + " for requests of the backend, expected a socket");
    }
    return new BackendRequests(fd);
  }

  /**
   * Tells the frontend that the configuration space has changed. One that does not read misses it.
   */
  synchronized void configChanged() {
    if (closed) {
      return;
    }
    ByteBuffer message = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(CONFIG_CHANGE).putInt(VERSION).putInt(0);
    int sent = Descriptor.send(fd, message.array());
    if (sent < 0) {
      LOG.warn("frontend could not be told of the new size: {}", Errno.name(-sent));
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Descriptor.close(fd);
    }
  }
}
