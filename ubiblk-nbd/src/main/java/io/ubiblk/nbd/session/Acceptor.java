package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts the clients of one listening socket and spreads them over the reactors. */
public final class Acceptor {

  private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

  /** How many clients are accepted in one turn. */
  private static final int MOST_AT_ONCE = 16;

  /** How long to wait after the system had no descriptor or memory for a connection. */
  private static final long RETRY_NANOS = 200_000_000L;

  private static final int SOCKET_BUFFER = 2 << 20;

  private final Service service;
  private final ReactorShares shares;
  private final Listener listener;
  private final IoReactor reactor;
  private final ReactorTask accept;
  private final ReactorTimer retry;
  private final Watch watch;
  private boolean closed;

  private Acceptor(Service service, ReactorShares shares, Listener listener, IoReactor reactor)
      throws IOException {
    this.service = service;
    this.shares = shares;
    this.listener = listener;
    this.reactor = reactor;
    this.accept = reactor.task(this::accept);
    this.retry = reactor.timer(accept::schedule);
    this.watch = reactor.watch(listener.socket().fd(), accept::schedule);
    // Whoever connected before the watch began has made no event.
    accept.schedule();
  }

  /**
   * Begins to accept.
   *
   * @param service what clients get
   * @param shares the reactors
   * @param listener the socket, closed with the acceptor, and if this fails
   * @return the acceptor
   * @throws IOException if the socket cannot be watched
   */
  public static Acceptor start(Service service, ReactorShares shares, Listener listener)
      throws IOException {
    IoReactor reactor = shares.first();
    try {
      return OnReactor.call(reactor, () -> new Acceptor(service, shares, listener, reactor));
    } catch (IOException | RuntimeException e) {
      listener.close();
      throw e;
    }
  }

  /**
   * Returns where clients connect.
   *
   * @return the address
   * @throws IOException if the socket does not say
   */
  public SocketAddress address() throws IOException {
    return listener.socket().localAddress();
  }

  /**
   * Stops accepting and gives the socket up. Not on a reactor's thread.
   *
   * @throws IOException if the socket's file cannot be removed
   */
  public void close() throws IOException {
    OnReactor.run(
        reactor,
        () -> {
          closed = true;
          retry.cancel();
          watch.close();
        });
    listener.close();
  }

  private void accept() {
    if (closed) {
      return;
    }
    try {
      for (int i = 0; i < MOST_AT_ONCE; i++) {
        StreamSocket socket = listener.socket().accept();
        if (socket == null) {
          return;
        }
        admit(socket);
      }
      accept.schedule();
    } catch (IOException e) {
      LOG.warn("{}: a connection cannot be accepted: {}", service.name(), e.getMessage());
      retry.set(reactor.nanoTime() + RETRY_NANOS);
    }
  }

  private void admit(StreamSocket socket) {
    if (!service.reserve()) {
      LOG.warn("{}: a connection is refused: there are as many as may be", service.name());
      socket.close();
      return;
    }
    socket.setBuffers(SOCKET_BUFFER);
    ReactorShares.Share share = shares.next();
    share.reactor().execute(() -> Connection.serve(service, share.reactor(), share.pool(), socket));
  }
}
