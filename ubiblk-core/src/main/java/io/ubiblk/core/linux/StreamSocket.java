package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket, of TCP or of Unix, that listens or is connected. Always in non-blocking mode and
 * closed on exec. Every call may be made from any thread. Calls that return a number return a
 * negative errno on failure.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>
 */
public final class StreamSocket implements AutoCloseable {

  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SO_TYPE = 3;
  private static final int SO_SNDBUF = 7;
  private static final int SO_RCVBUF = 8;
  private static final int SO_ACCEPTCONN = 30;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SHUT_RDWR = 2;

  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_WAITALL = 0x100;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** Flags of a sending in the ring: go on until all is sent, and raise no signal. */
  static final int SEND_ALL = MSG_WAITALL | MSG_NOSIGNAL;

  private final int fd;
  private final int family;

  private StreamSocket(int fd, int family) {
    this.fd = fd;
    this.family = family;
  }

  /**
   * Listens on a Unix socket. The file must not be there yet.
   *
   * @param path path of the socket
   * @param backlog most connections that wait to be accepted
   * @return the socket
   * @throws IllegalArgumentException if the path has more than 107 bytes
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static StreamSocket listen(Path path, int backlog) throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      return listen(SocketName.of(arena, path), path, backlog);
    }
  }

  /**
   * Listens on a TCP port. An IPv6 wildcard takes connections of IPv4 too.
   *
   * @param address address and port; port 0 takes one that is free
   * @param backlog most connections that wait to be accepted
   * @return the socket
   * @throws IllegalArgumentException if the address is not resolved
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static StreamSocket listen(InetSocketAddress address, int backlog)
      throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      return listen(SocketName.of(arena, address), address, backlog);
    }
  }

  /**
   * Takes over a socket that another program has opened and that listens already.
   *
   * @param fd its descriptor, the caller's again if this fails
   * @return the socket
   * @throws BlockDeviceException.BadFormat if the descriptor is no stream socket that listens
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static StreamSocket inherited(int fd) throws BlockDeviceException {
    int family = nameOf(fd).family();
    boolean inet = family == SocketName.AF_INET || family == SocketName.AF_INET6;
    if (!(inet || family == SocketName.AF_UNIX)
        || option(fd, SO_TYPE) != SOCK_STREAM
        || option(fd, SO_ACCEPTCONN) != 1) {
      throw new BlockDeviceException.BadFormat(
          "descriptor "
              + fd
              + " is "
              + Descriptor.target(fd)
              + ", expected a stream socket that listens");
    }
    Descriptor.setNonBlocking(fd);
    return new StreamSocket(fd, family);
  }

  private static StreamSocket listen(SocketName name, Object where, int backlog)
      throws BlockDeviceException.Io {
    int family = name.family();
    long fd = Syscall.call(Abi.SOCKET, family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      throw Errno.exception("open", "socket for " + where, fd);
    }
    StreamSocket socket = new StreamSocket((int) fd, family);
    if (family != SocketName.AF_UNIX) {
      socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (family == SocketName.AF_INET6) {
      socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    long result = Syscall.call(Abi.BIND, fd, name.segment().address(), name.length());
    if (result >= 0) {
      result = Syscall.call(Abi.LISTEN, fd, backlog, 0);
    }
    if (result < 0) {
      socket.close();
      throw Errno.exception("listen on", where, result);
    }
    return socket;
  }

  /**
   * Accepts a connection, without waiting. TCP sends without delay from then on.
   *
   * @return the connection, or null if none waits
   * @throws BlockDeviceException.Io if the kernel refuses; the connection may still wait
   */
  public @Nullable StreamSocket accept() throws BlockDeviceException.Io {
    while (true) {
      long result = Syscall.call(Abi.ACCEPT4, fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (result >= 0) {
        StreamSocket accepted = new StreamSocket((int) result, family);
        if (family != SocketName.AF_UNIX) {
          accepted.setOption(IPPROTO_TCP, TCP_NODELAY, 1);
        }
        return accepted;
      }
      if (result == -Errno.EAGAIN) {
        return null;
      }
      if (isResourceError((int) -result)) {
        throw Errno.exception("accept a connection on", this, result);
      }
      // The connection that waited has ended; there may be others.
    }
  }

  private static boolean isResourceError(int errno) {
    return errno == Errno.EMFILE
        || errno == Errno.ENFILE
        || errno == Errno.ENOMEM
        || errno == Errno.EBADF
        || errno == Errno.EINVAL
        || errno == Errno.EPERM
        || errno == Errno.EOPNOTSUPP;
  }

  /** {@return the file descriptor} */
  public int fd() {
    return fd;
  }

  /**
   * Returns where the socket listens or is connected.
   *
   * @return an {@link InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public SocketAddress localAddress() throws BlockDeviceException.Io {
    return nameOf(fd).address();
  }

  /**
   * Asks for room in the kernel for bytes under way. The kernel gives what it is allowed to.
   *
   * @param bytes room for each direction in bytes
   */
  public void setBuffers(int bytes) {
    setOption(SOL_SOCKET, SO_SNDBUF, bytes);
    setOption(SOL_SOCKET, SO_RCVBUF, bytes);
  }

  /**
   * Receives bytes, without waiting.
   *
   * @param message memory to fill
   * @param errors memory for the outcome
   * @return number of bytes, 0 if the other end sends no more, or a negative errno
   */
  public int receive(MessageHeader message, ErrorState errors) {
    return (int)
        Syscall.call(
            errors.segment(), Abi.RECVMSG, fd, message.segment().address(), MSG_DONTWAIT, 0, 0, 0);
  }

  /**
   * Sends bytes, without waiting and without a signal if nobody is there.
   *
   * @param message memory to send
   * @param errors memory for the outcome
   * @return number of bytes that were taken, or a negative errno
   */
  public int send(MessageHeader message, ErrorState errors) {
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return (int)
        Syscall.call(
            errors.segment(), Abi.SENDMSG, fd, message.segment().address(), flags, 0, 0, 0);
  }

  /** Ends the connection in both directions; calls that wait return. The descriptor stays. */
  public void shutdown() {
    Syscall.call(Abi.SHUTDOWN, fd, SHUT_RDWR, 0);
  }

  @Override
  public void close() {
    Descriptor.close(fd);
  }

  @Override
  public String toString() {
    return "socket " + fd;
  }

  private static SocketName nameOf(int fd) throws BlockDeviceException.Io {
    // What is decoded outlives the call.
    SocketName name = SocketName.empty(Arena.ofAuto());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, SocketName.LARGEST);
      long result = Syscall.call(Abi.GETSOCKNAME, fd, name.segment().address(), length.address());
      if (result < 0) {
        throw Errno.exception("ask for the name of", "descriptor " + fd, result);
      }
      return name;
    }
  }

  private static int option(int fd, int option) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(4, 4);
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, 4);
      long result =
          Syscall.call(
              Abi.GETSOCKOPT, fd, SOL_SOCKET, option, value.address(), length.address(), 0);
      return result < 0 ? -1 : value.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private void setOption(int level, int option, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_INT, value);
      Syscall.call(Abi.SETSOCKOPT, fd, level, option, memory.address(), 4, 0);
    }
  }
}
