package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.StreamSocket;
import io.ubiblk.nbd.NbdTls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: its wire, its phase, and its end. Lives on one reactor, to whose thread
 * it is confined but for {@link #end} and {@link #abandon}. Nothing that happens on a connection
 * reaches beyond it.
 */
public final class Connection implements Wire.Handler {

  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final AtomicLong NUMBER = new AtomicLong();

  private final Service service;
  private final IoReactor reactor;
  private final BufferPool pool;
  private final String name;
  private final Arena arena = Arena.ofConfined();
  private final Input input = new Input(arena);
  private final ReactorTimer handshakeTimer;
  private final Negotiation negotiation;
  private Wire wire;
  private Phase phase;
  private @Nullable Transmission transmission;
  private @Nullable ServedExport export;
  private boolean closing;
  private int unfinished;

  private Connection(Service service, IoReactor reactor, BufferPool pool, StreamSocket socket)
      throws BlockDeviceException {
    this.service = service;
    this.reactor = reactor;
    this.pool = pool;
    this.name = service.name() + " connection " + NUMBER.incrementAndGet();
    this.handshakeTimer = reactor.timer(() -> drop("took too long for the handshake"));
    try {
      this.wire = new PlainWire(reactor, socket, this);
    } catch (BlockDeviceException e) {
      arena.close();
      throw e;
    }
    this.negotiation = new Negotiation(this, input, this::open);
    this.phase = negotiation;
  }

  /**
   * Serves a client for whom room has been {@linkplain Service#reserve reserved}. To be called on
   * the reactor's thread.
   *
   * @param service what the client may get
   * @param reactor where the connection lives
   * @param pool buffers of that reactor
   * @param socket the socket, closed with the connection, also if this fails
   */
  public static void serve(
      Service service, IoReactor reactor, BufferPool pool, StreamSocket socket) {
    Connection connection;
    try {
      connection = new Connection(service, reactor, pool, socket);
    } catch (BlockDeviceException e) {
      LOG.warn("{}: a connection cannot be served", service.name(), e);
      service.unreserve();
      return;
    }
    connection.begin();
  }

  /** Lets requests in flight finish and closes the connection. Any thread. */
  public void end() {
    execute(() -> phase.end());
  }

  /** Closes the connection without waiting for anything. Any thread. */
  public void abandon() {
    execute(this::close);
  }

  @Override
  public void received(int result) {
    if (closing) {
      return;
    }
    try {
      if (result > 0) {
        phase.received(result);
      } else if (result == 0) {
        phase.clientFinished();
      } else {
        close();
      }
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  @Override
  public void sent(int result) {
    if (closing) {
      return;
    }
    try {
      if (result == 0) {
        phase.sent();
      } else {
        close();
      }
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  Service service() {
    return service;
  }

  IoReactor reactor() {
    return reactor;
  }

  BufferPool pool() {
    return pool;
  }

  Wire wire() {
    return wire;
  }

  /** Goes on behind TLS. */
  void startTls() {
    NbdTls tls = service.tls();
    if (tls == null) {
      throw new IllegalStateException("TLS started on a server that has none");
    }
    wire = new TlsWire(reactor, wire, tls.newEngine(), this, name);
  }

  /** Goes on with the requests of the export that was opened. */
  void transmit() {
    Transmission next = transmission;
    if (next == null) {
      throw new IllegalStateException("transmission without an export");
    }
    handshakeTimer.cancel();
    phase = next;
    next.begin();
  }

  /** Closes the connection of a client that has broken a rule. */
  void drop(String reason) {
    if (!closing) {
      LOG.warn("{}: client {}", name, reason);
      close();
    }
  }

  /** Closes the connection because of a mistake of ours or of the device's. */
  void failed(Throwable thrown) {
    LOG.error("{} has failed", name, thrown);
    close();
  }

  /** Closes the connection; requests that are with the device are waited for first. */
  void close() {
    if (closing) {
      return;
    }
    closing = true;
    handshakeTimer.cancel();
    Transmission opened = transmission;
    unfinished = opened == null ? 2 : 3;
    negotiation.stop(this::partFinished);
    if (opened != null) {
      opened.stop(this::partFinished);
    }
    wire.close(this::partFinished);
  }

  private void begin() {
    if (!service.enter(this)) {
      close();
      return;
    }
    try {
      handshakeTimer.set(reactor.nanoTime() + service.limits().handshakeTime().toNanos());
      negotiation.begin();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  private void open(Exposure exposure) throws IOException {
    ServedExport chosen = exposure.export();
    if (!chosen.enter(this)) {
      throw new BlockDeviceException.Closed("the export has been withdrawn");
    }
    try {
      transmission = new Transmission(this, exposure, input, wire, arena);
      export = chosen;
    } catch (IOException | RuntimeException e) {
      chosen.leave(this);
      throw e;
    }
  }

  private void partFinished() {
    if (--unfinished > 0) {
      return;
    }
    Transmission opened = transmission;
    if (opened != null) {
      opened.release();
    }
    negotiation.release();
    arena.close();
    ServedExport used = export;
    if (used != null) {
      used.leave(this);
    }
    service.leave(this);
    LOG.debug("{} has ended", name);
  }

  private void execute(Runnable work) {
    try {
      reactor.execute(
          () -> {
            try {
              if (!closing) {
                work.run();
              }
            } catch (RuntimeException | Error e) {
              failed(e);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.error("{}: its reactor was closed first", name, e);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
