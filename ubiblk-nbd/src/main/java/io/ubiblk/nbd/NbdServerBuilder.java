package io.ubiblk.nbd;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.nbd.session.Acceptor;
import io.ubiblk.nbd.session.ExportTable;
import io.ubiblk.nbd.session.Listener;
import io.ubiblk.nbd.session.ReactorShares;
import io.ubiblk.nbd.session.Service;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Describes an {@link NbdServer}. */
public final class NbdServerBuilder {

  /** The port that NBD servers listen on unless they are told otherwise. */
  public static final int DEFAULT_PORT = 10809;

  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

  private interface Opening {
    Listener open() throws IOException;
  }

  private final List<NbdExport> exports = new ArrayList<>();
  private final List<Opening> sockets = new ArrayList<>();
  private String where = "NBD server";
  private String defaultExport = "";
  private NbdLimits limits = NbdLimits.DEFAULT;
  private Duration grace = DEFAULT_GRACE;
  private @Nullable NbdTls tls;
  private @Nullable ReactorGroup reactors;

  NbdServerBuilder() {}

  /**
   * Adds an export. A server may begin without one.
   *
   * @param export the device and its name
   * @return this
   */
  public NbdServerBuilder export(NbdExport export) {
    exports.add(export);
    return this;
  }

  /**
   * Sets which export a client gets that asks for the empty name, unless there is an export without
   * a name.
   *
   * @param name name of an export, which may be added later
   * @return this
   */
  public NbdServerBuilder defaultExport(String name) {
    defaultExport = name;
    return this;
  }

  /**
   * Listens on a Unix socket.
   *
   * @param socket path of the socket, at most 107 bytes
   * @return this
   */
  public NbdServerBuilder at(Path socket) {
    return listen("NBD server " + socket, () -> Listener.at(socket));
  }

  /**
   * Listens on a TCP port.
   *
   * @param address address and port, for example port {@link #DEFAULT_PORT}; port 0 takes one that
   *     is free
   * @return this
   */
  public NbdServerBuilder at(InetSocketAddress address) {
    return listen("NBD server " + address, () -> Listener.at(address));
  }

  /**
   * Listens on a socket that is open already.
   *
   * @param fd descriptor of a stream socket that listens; the server closes it
   * @return this
   */
  public NbdServerBuilder atDescriptor(int fd) {
    return listen("NBD server on descriptor " + fd, () -> Listener.inherited(fd));
  }

  /**
   * Listens on the sockets that a service manager has opened for this process, as {@code
   * LISTEN_FDS} and {@code LISTEN_PID} say.
   *
   * @return this
   * @throws IllegalStateException if there are none
   */
  public NbdServerBuilder atInherited() {
    List<Integer> descriptors =
        InheritedSockets.descriptors(System.getenv(), ProcessHandle.current().pid());
    if (descriptors.isEmpty()) {
      throw new IllegalStateException(
          "no inherited sockets, expected LISTEN_FDS and LISTEN_PID of this process");
    }
    descriptors.forEach(this::atDescriptor);
    return this;
  }

  /**
   * Protects connections; they are not unless this is called.
   *
   * @param protection certificates, and whether clients have to use them
   * @return this
   */
  public NbdServerBuilder tls(NbdTls protection) {
    tls = protection;
    return this;
  }

  /**
   * Sets what clients may use; {@link NbdLimits#DEFAULT} unless set.
   *
   * @param value the limits
   * @return this
   */
  public NbdServerBuilder limits(NbdLimits value) {
    limits = value;
    return this;
  }

  /**
   * Sets how long {@link NbdServer#close} and {@link NbdServer#removeExport} wait for requests in
   * flight to be answered; five seconds unless set.
   *
   * @param time zero or more
   * @return this
   */
  public NbdServerBuilder grace(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("grace of " + time + ", expected zero or more");
    }
    grace = time;
    return this;
  }

  /**
   * Sets the reactors that the connections are spread over; the group that the process shares
   * unless set.
   *
   * @param group the reactors, to be closed after the server
   * @return this
   */
  public NbdServerBuilder reactors(ReactorGroup group) {
    reactors = group;
    return this;
  }

  /**
   * Starts the server. When this returns, the sockets listen.
   *
   * @return the server
   * @throws BlockDeviceException.Busy if somebody listens at a path, it is no socket, or two
   *     exports have one name
   * @throws IOException if a socket cannot be had
   */
  public NbdServer start() throws IOException {
    if (sockets.isEmpty()) {
      throw new IllegalStateException("no socket, expected a call of at(...)");
    }
    ReactorGroup group = reactors == null ? ReactorGroup.shared() : reactors;
    ExportTable table = new ExportTable(defaultExport);
    Service service = new Service(where, table, limits, tls);
    ReactorShares shares = new ReactorShares(group.reactors(), limits.memoryPerConnection());
    NbdServer server = new NbdServer(table, service, shares, grace);
    try {
      for (NbdExport export : exports) {
        server.addExport(export);
      }
      for (Opening socket : sockets) {
        server.accept(Acceptor.start(service, shares, socket.open()));
      }
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private NbdServerBuilder listen(String name, Opening socket) {
    if (sockets.isEmpty()) {
      where = name;
    }
    sockets.add(socket);
    return this;
  }
}
