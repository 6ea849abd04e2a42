package io.ubiblk.core.io;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.linux.StreamSocket;

/**
 * A reactor that does I/O: on files through {@link IoPort}s, on sockets through {@link
 * SocketPort}s, on descriptors through {@link Watch}es and {@link Signal}s, on shared memory
 * through {@link Poller}s. All methods are confined to the reactor's thread.
 */
public interface IoReactor extends EventLoop {

  /**
   * Opens a port for file I/O.
   *
   * @param depth number of operations that may be in flight at once
   * @param handler receives the completions
   * @return the port
   */
  IoPort openPort(int depth, IoHandler handler);

  /**
   * Opens a port for commands to drivers.
   *
   * @param handler receives the completions
   * @return the port
   * @throws BlockDeviceException.Unsupported if the reactor has no io_uring
   */
  default CommandPort openCommands(IoHandler handler) throws BlockDeviceException.Unsupported {
    throw new BlockDeviceException.Unsupported(
        this + " sends no commands to drivers, expected a reactor with io_uring");
  }

  /**
   * Reserves numbers of fixed buffers, which drivers fill and {@link IoPort#readFixed} and {@link
   * IoPort#writeFixed} use.
   *
   * @param count how many
   * @return the first of the numbers, the others follow; or -1 if the reactor has none, or not so
   *     many
   */
  default int reserveBuffers(int count) {
    return -1;
  }

  /**
   * Gives numbers of fixed buffers back. None may be in use.
   *
   * @param first the first of the numbers
   * @param count how many
   */
  default void releaseBuffers(int first, int count) {
    throw new IllegalArgumentException("buffer " + first + " of a reactor that has none");
  }

  /**
   * Takes over a connected socket.
   *
   * @param socket the socket, in non-blocking mode; closed with the port, also if this fails
   * @param handler receives the completions
   * @return the port
   * @throws BlockDeviceException if the reactor cannot serve the socket
   */
  SocketPort openSocket(StreamSocket socket, SocketHandler handler) throws BlockDeviceException;

  /**
   * Watches a descriptor, edge-triggered: after a call the descriptor must be read until it would
   * block, or be one, like an eventfd, each write of which is an event of its own.
   *
   * @param fd descriptor; may be closed once the watch has been
   * @param onReadable run each time that the descriptor becomes readable or its peer goes away
   * @return the watch
   * @throws BlockDeviceException if the descriptor cannot be watched
   */
  Watch watch(int fd, Runnable onReadable) throws BlockDeviceException;

  /**
   * Prepares to signal an eventfd that another process holds too.
   *
   * @param fd descriptor, preferably in non-blocking mode; may be closed once the signal has been
   * @return the signal
   */
  Signal signal(int fd);

  /**
   * Registers something to be polled.
   *
   * @param poller looks for work
   * @return the registration, not active
   */
  Polling poll(Poller poller);
}
