package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;

/**
 * The connection on which a backend sends requests to its frontend. One thread at a time may use
 * it; it need not be the thread that uses the frontend. Descriptors that come with a request are
 * dropped.
 *
 * @see <a
 *     href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#back-end-message-types">
 *     vhost-user protocol, back-end message types</a>
 */
public final class BackendChannel implements AutoCloseable {

  /** Number of the message that says that the configuration space has changed. */
  public static final int CONFIG_CHANGE_MSG = 2;

  private static final int LARGEST_PAYLOAD = 4096;

  private final int mine;
  private final int theirs;
  private final FileDescriptor backendEnd;
  private boolean released;
  private boolean closed;

  private BackendChannel(int mine, int theirs) throws IOException {
    this.mine = mine;
    this.theirs = theirs;
    backendEnd = Descriptors.of(theirs);
  }

  /**
   * Creates a pair of connected sockets, one end of which is for the backend.
   *
   * @return the channel, owned by the caller
   * @throws IOException if the system has no descriptor left
   */
  public static BackendChannel open() throws IOException {
    int[] ends = Posix.socketPair();
    return new BackendChannel(ends[0], ends[1]);
  }

  /** {@return the end for the backend, owned by this object; passing it on makes a copy} */
  public FileDescriptor backendEnd() {
    return backendEnd;
  }

  /**
   * Closes this side's hold on the backend's end, once it was passed on. From then on it can be
   * seen when the backend closes its copy.
   */
  public void releaseBackendEnd() {
    if (!released) {
      released = true;
      Posix.close(theirs);
    }
  }

  /**
   * Receives the backend's next request. It is not answered.
   *
   * @param within how long it may take
   * @return the request
   * @throws VhostUserException.TimedOut if none came in time
   * @throws VhostUserException.Closed if the backend has closed its end
   * @throws IOException if what came is no message
   */
  public VhostUserMessage receive(Duration within) throws IOException {
    long deadline = System.nanoTime() + within.toNanos();
    byte[] header = readFully(VhostUserMessage.HEADER_SIZE, deadline);
    int size = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(8);
    if (size < 0 || size > LARGEST_PAYLOAD) {
      throw new VhostUserException.BadReply(
          "a request of " + Integer.toUnsignedString(size) + " bytes, expected a few");
    }
    return VhostUserMessage.received(header, readFully(size, deadline), List.of());
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
    send(
        VhostUserMessage.of(request.request(), Payloads.number(value))
            .withFlags(VhostUserMessage.VERSION | VhostUserMessage.REPLY)
            .bytes());
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

  /**
   * Sends any bytes to the backend.
   *
   * @param bytes what to send
   * @throws VhostUserException.Closed if the backend has closed its end
   */
  public void send(byte... bytes) throws VhostUserException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      if (Posix.write(mine, src, Posix.newState(arena)) != bytes.length) {
        throw new VhostUserException.Closed("an answer was not taken by the backend");
      }
    }
  }

  /** Closes both ends. A copy that the backend holds then reads the end of the stream. */
  @Override
  public void close() {
    releaseBackendEnd();
    if (!closed) {
      closed = true;
      Posix.close(mine);
    }
  }

  private byte[] readFully(int size, long deadline) throws IOException {
    byte[] bytes = new byte[size];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.newState(arena);
      MemorySegment buffer = arena.allocate(Math.max(size, 1));
      int done = 0;
      while (done < size) {
        long left = Math.max(0, (deadline - System.nanoTime()) / 1_000_000);
        if (!Posix.poll(mine, Posix.POLLIN, left)) {
          throw new VhostUserException.TimedOut("the backend sent nothing for " + left + " ms");
        }
        long count = Posix.read(mine, buffer.asSlice(0, size - done), state);
        if (count <= 0) {
          throw new VhostUserException.Closed("the backend has closed its end");
        }
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, done, (int) count);
        done += (int) count;
      }
    }
    return bytes;
  }
}
