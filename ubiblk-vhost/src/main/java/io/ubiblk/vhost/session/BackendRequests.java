package io.ubiblk.vhost.session;

import io.ubiblk.core.linux.Descriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.FileDescriptorCast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backend's own channel to the frontend. Thread-safe.
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
  private final AFUNIXSocket socket;

  /** Takes over a socket, also if this fails. */
  BackendRequests(int fd) throws IOException {
    this.fd = fd;
    try {
      socket = FileDescriptorCast.unsafeUsing(fd).as(AFUNIXSocket.class);
      socket.getChannel().configureBlocking(false);
    } catch (IOException | RuntimeException e) {
      Descriptor.close(fd);
      throw e;
    }
  }

  /**
   * Tells the frontend that the configuration space has changed. One that does not read misses it.
   */
  synchronized void configChanged() {
    ByteBuffer message = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(CONFIG_CHANGE).putInt(VERSION).putInt(0).flip();
    try {
      socket.getChannel().write(message);
    } catch (IOException e) {
      LOG.warn("frontend could not be told of the new size", e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      socket.close();
    } catch (IOException e) {
      Descriptor.close(fd);
    }
  }
}
