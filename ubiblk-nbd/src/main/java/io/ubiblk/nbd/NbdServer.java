package io.ubiblk.nbd;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.Frontend;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.nbd.session.Acceptor;
import io.ubiblk.nbd.session.Connection;
import io.ubiblk.nbd.session.ExportTable;
import io.ubiblk.nbd.session.ReactorShares;
import io.ubiblk.nbd.session.ServedExport;
import io.ubiblk.nbd.session.Service;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An NBD server: any number of devices, each an export, on any number of sockets, for any number of
 * clients.
 *
 * <pre>{@code
 * try (var server = NbdServer.serve(disk).at(Path.of("disk.sock")).start()) {
 *   server.awaitClose();
 * }
 * }</pre>
 *
 * <p>Connections are spread over the reactors and cost no thread. Exports can be added and removed
 * while the server runs.
 */
public final class NbdServer implements Frontend {

  private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);

  private final ExportTable exports;
  private final Service service;
  private final ReactorShares shares;
  private final Duration grace;
  private final List<Acceptor> acceptors = new ArrayList<>();
  private final Map<ServedExport, DeviceListener> listeners = new ConcurrentHashMap<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile @Nullable State outcome;
  private volatile @Nullable Throwable failure;

  NbdServer(ExportTable exports, Service service, ReactorShares shares, Duration grace) {
    this.exports = exports;
    this.service = service;
    this.shares = shares;
    this.grace = grace;
  }

  /**
   * Begins to describe a server of one device, as the export without a name.
   *
   * @param device the device to serve; it stays the caller's
   * @return what to describe the server with
   */
  public static NbdServerBuilder serve(BlockDevice device) {
    return builder().export(NbdExport.of("", device));
  }

  /**
   * Begins to describe a server.
   *
   * @return what to describe the server with
   */
  public static NbdServerBuilder builder() {
    return new NbdServerBuilder();
  }

  /**
   * Serves one more device.
   *
   * @param export the device and its name
   * @throws BlockDeviceException.Busy if there is an export of that name
   * @throws BlockDeviceException.Closed if the server is ending
   */
  public void addExport(NbdExport export) throws BlockDeviceException {
    if (closing.get()) {
      throw new BlockDeviceException.Closed(this + " has been closed");
    }
    ServedExport served = exports.add(export);
    DeviceListener listener =
        new DeviceListener() {
          @Override
          public void failed(BlockDeviceException cause) {
            Thread.ofVirtual().name(service.name()).start(() -> deviceFailed(served, cause));
          }
        };
    listeners.put(served, listener);
    export.device().addListener(listener);
  }

  /**
   * Serves a device no more: lets its requests in flight finish, disconnects its clients, and makes
   * what was written durable. When this returns, the device is not used any more. Not on a
   * reactor's thread.
   *
   * @param name name of the export
   * @return whether there was one
   * @throws IOException if what was written could not be made durable; the export is gone all the
   *     same
   */
  public boolean removeExport(String name) throws IOException {
    ServedExport removed = exports.remove(name);
    if (removed != null) {
      withdraw(removed);
      flush(removed);
    }
    return removed != null;
  }

  /** {@return what is served} */
  public List<NbdExport> exports() {
    return exports.all().stream().map(ServedExport::description).toList();
  }

  /**
   * Returns where clients connect: the ports that were chosen, too.
   *
   * @return the addresses, in the order in which they were asked for
   * @throws IOException if a socket does not say
   */
  public List<SocketAddress> addresses() throws IOException {
    List<SocketAddress> addresses = new ArrayList<>();
    for (Acceptor acceptor : acceptors) {
      addresses.add(acceptor.address());
    }
    return addresses;
  }

  /** {@return how many clients are connected} */
  public int connections() {
    return service.count();
  }

  @Override
  public State state() {
    State last = outcome;
    if (last != null) {
      return last;
    }
    if (closing.get()) {
      return State.CLOSING;
    }
    return connections() > 0 ? State.SERVING : State.LISTENING;
  }

  @Override
  public void awaitClose() throws InterruptedException, BlockDeviceException.Failed {
    ended.await();
    Throwable cause = failure;
    if (cause != null) {
      throw new BlockDeviceException.Failed(service.name() + " has failed", cause);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Requests in flight get the {@linkplain NbdServerBuilder#grace time that was set} to be
   * answered. After that, those that only wait inside the device are cancelled; for those that are
   * under way it waits as long as they take.
   */
  @Override
  public void close() throws IOException {
    if (!closing.compareAndSet(false, true)) {
      awaitEnd();
      return;
    }
    IOException first = null;
    for (Acceptor acceptor : acceptors) {
      first = attempt(acceptor::close, first);
    }
    endConnections();
    for (ServedExport export : exports.all()) {
      if (exports.remove(export)) {
        unlisten(export);
        first = attempt(() -> flush(export), first);
      }
    }
    outcome = failure == null ? State.CLOSED : State.FAILED;
    ended.countDown();
    if (first != null) {
      throw first;
    }
  }

  @Override
  public String toString() {
    return service.name();
  }

  void accept(Acceptor acceptor) {
    acceptors.add(acceptor);
  }

  /** {@return what connections have in common, for tests} */
  Service service() {
    return service;
  }

  /** {@return the reactors, for tests} */
  ReactorShares shares() {
    return shares;
  }

  private void endConnections() throws IOException {
    service.end().forEach(Connection::end);
    if (!Uninterrupted.await(() -> service.awaitUnused(grace.toNanos()))) {
      service.end().forEach(Connection::abandon);
      Uninterrupted.await(() -> service.awaitUnused(Long.MAX_VALUE / 2));
    }
  }

  private void withdraw(ServedExport export) throws IOException {
    unlisten(export);
    export.withdraw().forEach(Connection::end);
    if (!Uninterrupted.await(() -> export.awaitUnused(grace.toNanos()))) {
      export.withdraw().forEach(Connection::abandon);
      Uninterrupted.await(() -> export.awaitUnused(Long.MAX_VALUE / 2));
    }
  }

  private void unlisten(ServedExport export) {
    DeviceListener listener = listeners.remove(export);
    if (listener != null) {
      export.description().device().removeListener(listener);
    }
  }

  private void flush(ServedExport export) throws IOException {
    if (export.device().capabilities().contains(Capability.FLUSH)) {
      try (BlockingAccess access = BlockingAccess.open(export.device(), shares.first())) {
        access.flush();
      }
    }
  }

  /** A device that has failed takes its clients with it; the last one takes the server. */
  private void deviceFailed(ServedExport export, BlockDeviceException cause) {
    LOG.error("{}: {} has failed", service.name(), export.device(), cause);
    if (exports.remove(export)) {
      unlisten(export);
      export.withdraw().forEach(Connection::abandon);
      if (exports.all().isEmpty()) {
        failure = cause;
        try {
          close();
        } catch (IOException e) {
          LOG.warn("{} did not end in order", service.name(), e);
        }
      }
    }
  }

  private void awaitEnd() throws IOException {
    Uninterrupted.await(
        () -> {
          ended.await();
          return true;
        });
  }

  private interface Step {
    void run() throws IOException;
  }

  private static @Nullable IOException attempt(Step step, @Nullable IOException earlier) {
    try {
      step.run();
      return earlier;
    } catch (IOException e) {
      return earlier == null ? e : earlier;
    }
  }
}
