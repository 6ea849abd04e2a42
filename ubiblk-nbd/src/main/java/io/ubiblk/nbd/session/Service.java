package io.ubiblk.nbd.session;

import io.ubiblk.nbd.NbdLimits;
import io.ubiblk.nbd.NbdTls;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the connections of a server have in common. Thread-safe. */
public final class Service {

  private final String name;
  private final ExportTable exports;
  private final NbdLimits limits;
  private final @Nullable NbdTls tls;
  private final MemoryBudget budget;
  private final Set<Connection> connections = new HashSet<>();
  private int reserved;
  private boolean ending;

  /**
   * Creates a service without connections.
   *
   * @param name name of the server in messages
   * @param exports what is served
   * @param limits what clients may use
   * @param tls how connections are protected, or null if they are not
   */
  public Service(String name, ExportTable exports, NbdLimits limits, @Nullable NbdTls tls) {
    this.name = name;
    this.exports = exports;
    this.limits = limits;
    this.tls = tls;
    this.budget = new MemoryBudget(limits.memory());
  }

  /** {@return name of the server in messages} */
  public String name() {
    return name;
  }

  ExportTable exports() {
    return exports;
  }

  NbdLimits limits() {
    return limits;
  }

  @Nullable NbdTls tls() {
    return tls;
  }

  /** {@return the memory of requests} */
  public MemoryBudget budget() {
    return budget;
  }

  /**
   * Reserves room for a connection.
   *
   * @return whether there is some
   */
  public synchronized boolean reserve() {
    if (ending || reserved >= limits.connections()) {
      return false;
    }
    reserved++;
    return true;
  }

  /** Gives the room of a connection back. */
  public synchronized void unreserve() {
    reserved--;
    notifyAll();
  }

  /** A connection begins; returns false if it may not. */
  synchronized boolean enter(Connection connection) {
    return !ending && connections.add(connection);
  }

  /** A connection has ended. */
  synchronized void leave(Connection connection) {
    connections.remove(connection);
    unreserve();
  }

  /**
   * Lets no more connections in.
   *
   * @return those that are there
   */
  public synchronized List<Connection> end() {
    ending = true;
    return List.copyOf(connections);
  }

  /** {@return how many connections there are} */
  public synchronized int count() {
    return reserved;
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
    while (reserved > 0) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(left / 1_000_000 + 1);
    }
    return true;
  }
}
