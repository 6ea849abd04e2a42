package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;

/**
 * The connection on which a backend sends requests to its frontend. One thread at a time may use
 * it; it need not be the thread that uses the frontend.
 *
 * @see <a
 *     href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#back-end-message-types">
 *     vhost-user protocol, back-end message types</a>
 */
public final class BackendChannel implements AutoCloseable {

  /** Number of the message that says that the configuration space has changed. */
  public static final int CONFIG_CHANGE_MSG = 2;

  private final VhostUserConnection mine;
  private final AFUNIXSocketChannel theirs;

  private BackendChannel(VhostUserConnection mine, AFUNIXSocketChannel theirs) {
    this.mine = mine;
    this.theirs = theirs;
  }

  /**
   * Creates a pair of connected sockets, one end of which is for the backend.
   *
   * @return the channel, owned by the caller
   * @throws IOException if the system has no descriptor left
   */
  public static BackendChannel open() throws IOException {
    AFUNIXSocketPair<AFUNIXSocketChannel> pair = AFUNIXSocketPair.open();
    return new BackendChannel(
        new VhostUserConnection((AFUNIXSocket) pair.getSocket1().socket()), pair.getSocket2());
  }

  /**
   * Returns the end for the backend.
   *
   * @return a descriptor that is owned by this object; passing it on makes a copy
   * @throws IOException if it {@linkplain #releaseBackendEnd has been closed}
   */
  public FileDescriptor backendEnd() throws IOException {
    return theirs.getFileDescriptor();
  }

  /**
   * Closes this side's hold on the backend's end, once it was passed on. From then on the end of
   * the backend's copy can be seen.
   *
   * @throws IOException if closing fails
   */
  public void releaseBackendEnd() throws IOException {
    theirs.close();
  }

  /**
   * Receives the backend's next request. It is not answered.
   *
   * @param within how long it may take
   * @return the request; its descriptors are owned by the caller
   * @throws VhostUserException.TimedOut if none came in time
   * @throws VhostUserException.Closed if the backend has closed its end
   * @throws IOException if what came is no message
   */
  public VhostUserMessage receive(Duration within) throws IOException {
    return mine.receive(within);
  }

  /**
   * Answers a request if it asks for an answer.
   *
   * @param request what was received
   * @param value 0 for success
   * @return whether it asked
   * @throws IOException if the answer cannot be sent
   */
  public boolean answer(VhostUserMessage request, long value) throws IOException {
    if ((request.flags() & VhostUserMessage.NEED_REPLY) == 0) {
      return false;
    }
    mine.send(
        VhostUserMessage.of(request.request(), Payloads.number(value))
            .withFlags(VhostUserMessage.VERSION | VhostUserMessage.REPLY));
    return true;
  }

  /**
   * Waits for the message that the configuration space has changed, and answers it if it asks.
   *
   * @param within how long it may take
   * @throws VhostUserException.TimedOut if none came in time
   * @throws VhostUserException.BadReply if the backend sent something else
   * @throws IOException if the connection fails
   */
  public void awaitConfigChange(Duration within) throws IOException {
    VhostUserMessage request = receive(within);
    if (request.request() != CONFIG_CHANGE_MSG || request.declaredSize() != 0) {
      throw new VhostUserException.BadReply(request + ", expected a configuration change");
    }
    answer(request, 0);
  }

  /** Closes both ends. A copy that the backend holds then reads the end of the stream. */
  @Override
  public void close() throws IOException {
    try (theirs) {
      mine.close();
    }
  }
}
