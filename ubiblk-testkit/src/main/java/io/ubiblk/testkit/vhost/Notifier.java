package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/**
 * A doorbell between driver and device: an eventfd or a pipe, of which the peer gets one end. Used
 * as a kick this side rings it, used as a call or error notification the peer does.
 *
 * <p>One thread at a time may use an object.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public final class Notifier implements AutoCloseable {

  /** The largest value that an eventfd can hold. */
  private static final long EVENTFD_MAX = -2;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = Posix.newState(arena);
  private final MemorySegment one = arena.allocate(8, 8);
  private final MemorySegment scratch = arena.allocate(8, 8);
  private final int readEnd;
  private final int writeEnd;
  private final boolean blocking;
  private final FileDescriptor peerEnd;
  private boolean closed;

  private Notifier(int readEnd, int writeEnd, boolean blocking, boolean peerReads)
      throws IOException {
    this.readEnd = readEnd;
    this.writeEnd = writeEnd;
    this.blocking = blocking;
    this.peerEnd = Descriptors.of(peerReads ? readEnd : writeEnd);
    one.set(ValueLayout.JAVA_LONG, 0, 1);
  }

  /**
   * Creates an eventfd with counter 0, in non-blocking mode. It serves in either direction.
   *
   * @return the notifier
   * @throws IOException if the system has no descriptor left
   */
  public static Notifier eventfd() throws IOException {
    int fd = Posix.eventfd(false);
    return new Notifier(fd, fd, false, true);
  }

  /**
   * Creates an eventfd with counter 0, in blocking mode: once it is {@linkplain #fill full}, a
   * write waits.
   *
   * @return the notifier
   * @throws IOException if the system has no descriptor left
   */
  public static Notifier blockingEventfd() throws IOException {
    int fd = Posix.eventfd(true);
    return new Notifier(fd, fd, true, true);
  }

  /**
   * Creates a pipe that this side writes and the peer reads, for a kick.
   *
   * @param blocking whether both ends are in blocking mode
   * @return the notifier
   * @throws IOException if the system has no descriptor left
   */
  public static Notifier pipeToPeer(boolean blocking) throws IOException {
    int[] ends = Posix.pipe(blocking);
    return new Notifier(ends[0], ends[1], blocking, true);
  }

  /**
   * Creates a pipe that the peer writes and this side reads, for a call or an error notification.
   *
   * @param blocking whether both ends are in blocking mode
   * @return the notifier
   * @throws IOException if the system has no descriptor left
   */
  public static Notifier pipeFromPeer(boolean blocking) throws IOException {
    int[] ends = Posix.pipe(blocking);
    return new Notifier(ends[0], ends[1], blocking, false);
  }

  /** {@return the end for the peer; owned by this object, passing it on makes a copy} */
  public FileDescriptor peerEnd() {
    return peerEnd;
  }

  /**
   * Rings. Does nothing if there is no room: then it is ringing already.
   *
   * @throws IOException if the peer has closed its end of a pipe
   */
  public void signal() throws IOException {
    if (blocking && !Posix.poll(writeEnd, Posix.POLLOUT, 0)) {
      return;
    }
    long written = Posix.write(writeEnd, one, state);
    if (written < 0 && written != -Posix.EAGAIN) {
      throw new IOException("notification was not written: errno " + -written);
    }
  }

  /**
   * Waits until it rings, and silences it.
   *
   * @param timeout how long to wait; zero for not at all
   * @return whether it rang in time
   * @throws IOException if waiting fails
   */
  public boolean await(Duration timeout) throws IOException {
    if (!Posix.poll(readEnd, Posix.POLLIN, timeout.toMillis())) {
      return false;
    }
    drain();
    return true;
  }

  /**
   * Silences it, however often it rang.
   *
   * @throws IOException if reading fails
   */
  public void drain() throws IOException {
    if (readEnd == writeEnd && !blocking) {
      // One read empties an eventfd, and an empty one says so.
      Posix.read(readEnd, scratch, state);
      return;
    }
    while (Posix.poll(readEnd, Posix.POLLIN, 0)) {
      if (Posix.read(readEnd, scratch, state) <= 0) {
        return;
      }
    }
  }

  /**
   * Fills it to the brim: a further ring finds no room, and waits where the mode is blocking.
   *
   * @throws IOException if writing fails
   */
  public void fill() throws IOException {
    if (readEnd == writeEnd) {
      drain();
      scratch.set(ValueLayout.JAVA_LONG, 0, EVENTFD_MAX);
      if (Posix.write(writeEnd, scratch, state) != 8) {
        throw new IOException("eventfd was not filled");
      }
      return;
    }
    while (Posix.poll(writeEnd, Posix.POLLOUT, 0)) {
      if (Posix.write(writeEnd, one, state) <= 0) {
        return;
      }
    }
  }

  /** Closes both ends. Copies that the peer holds stay open. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Posix.close(readEnd);
    if (writeEnd != readEnd) {
      Posix.close(writeEnd);
    }
    arena.close();
  }
}
