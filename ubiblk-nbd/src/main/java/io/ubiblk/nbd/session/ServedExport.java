package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.nbd.NbdExport;
import io.ubiblk.nbd.protocol.ExportFlag;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** An export of a running server, and the connections that use it. Thread-safe. */
public final class ServedExport {

  private final NbdExport description;
  private final BlockDevice device;
  private final ChangeOrder order;
  private final Set<Connection> connections = new HashSet<>();
  private boolean withdrawn;

  /**
   * Begins to serve.
   *
   * @param description what to serve
   */
  ServedExport(NbdExport description) {
    this.description = description;
    this.order = ChangeOrders.of(description.device());
    this.device =
        description.readOnly() ? new ReadOnlyDevice(description.device()) : description.device();
  }

  /** {@return what is served} */
  public NbdExport description() {
    return description;
  }

  /** {@return the device as clients see it} */
  public BlockDevice device() {
    return device;
  }

  /** What changes of the device have to pass. */
  ChangeOrder order() {
    return order;
  }

  /** Flags for a client that knows chunks, or does not. */
  int flags(boolean chunks) {
    Set<Capability> can = device.capabilities();
    int flags =
        ExportFlag.HAS_FLAGS
            | ExportFlag.SEND_FLUSH
            | ExportFlag.SEND_FUA
            | ExportFlag.SEND_CACHE
            // A flush covers what completed on whichever channel: the contract of every device.
            | ExportFlag.CAN_MULTI_CONN;
    if (chunks) {
      flags |= ExportFlag.SEND_DF;
    }
    if (!can.contains(Capability.WRITE)) {
      return flags | ExportFlag.READ_ONLY;
    }
    if (can.contains(Capability.DISCARD)) {
      flags |= ExportFlag.SEND_TRIM;
    }
    return flags | ExportFlag.SEND_WRITE_ZEROES | ExportFlag.SEND_FAST_ZERO;
  }

  /** A connection begins to use the export; returns false if the export has been withdrawn. */
  synchronized boolean enter(Connection connection) {
    return !withdrawn && connections.add(connection);
  }

  /** A connection does not use the export any more. */
  synchronized void leave(Connection connection) {
    connections.remove(connection);
    notifyAll();
  }

  /**
   * Lets no more connections in.
   *
   * @return those that are there
   */
  public synchronized List<Connection> withdraw() {
    withdrawn = true;
    return List.copyOf(connections);
  }

  /**
   * Waits until no connection is there.
   *
   * @param nanos longest time to wait in nanoseconds
   * @return whether none is there
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public synchronized boolean awaitUnused(long nanos) throws InterruptedException {
    long deadline = System.nanoTime() + nanos;
    while (!connections.isEmpty()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(left / 1_000_000 + 1);
    }
    return true;
  }
}
