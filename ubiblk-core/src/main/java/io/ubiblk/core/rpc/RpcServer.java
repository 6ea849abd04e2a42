package io.ubiblk.core.rpc;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests on a Unix socket, on one thread of its own that sleeps while nobody asks.
 * Clients are bounded in number, in what they send and in what they leave unread, so that a broken
 * one costs only itself.
 */
public final class RpcServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RpcServer.class);
  private static final long ACCEPT_AGAIN_NANOS = 1_000_000_000;
  private static final byte[] FULL =
      (RpcCommands.error("too many clients") + "\n").getBytes(StandardCharsets.UTF_8);

  private final RpcSocket socket;
  private final Selector selector;
  private final SelectionKey listening;
  private final RpcCommands commands;
  private final RpcLimits limits;
  private final Thread thread;
  private final Set<RpcConnection> clients = new LinkedHashSet<>();
  private final Deque<RpcConnection> unfinished = new ArrayDeque<>();
  private long acceptAgainAt;
  private volatile boolean closing;

  private RpcServer(RpcSocket socket, Selector selector, RpcSubject subject, RpcLimits limits)
      throws IOException {
    this.socket = socket;
    this.selector = selector;
    this.listening = socket.channel().register(selector, SelectionKey.OP_ACCEPT);
    this.commands = new RpcCommands(subject);
    this.limits = limits;
    this.thread = Thread.ofPlatform().daemon().name("ubiblk-rpc").unstarted(this::run);
  }

  /**
   * Starts a server with the usual limits.
   *
   * @param subject what to answer about
   * @param path where the socket is to be: mode 0660; a socket that nobody answers on is replaced
   * @return the server
   * @throws BlockDeviceException.Busy if something else is at the path
   * @throws IOException if the socket cannot be made
   */
  public static RpcServer start(RpcSubject subject, Path path) throws IOException {
    return start(subject, path, RpcLimits.DEFAULT);
  }

  /**
   * Starts a server.
   *
   * @param subject what to answer about
   * @param path where the socket is to be: mode 0660; a socket that nobody answers on is replaced
   * @param limits what clients may do
   * @return the server
   * @throws BlockDeviceException.Busy if something else is at the path
   * @throws IOException if the socket cannot be made
   */
  public static RpcServer start(RpcSubject subject, Path path, RpcLimits limits)
      throws IOException {
    Selector selector = Selector.open();
    try {
      RpcSocket socket = RpcSocket.bind(path);
      try {
        RpcServer server = new RpcServer(socket, selector, subject, limits);
        server.thread.start();
        return server;
      } catch (IOException | RuntimeException e) {
        socket.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
  }

  /** {@return where the socket is} */
  public Path path() {
    return socket.path();
  }

  /** Disconnects all clients and removes the socket. Closing twice has no effect. */
  @Override
  public void close() throws IOException {
    closing = true;
    selector.wakeup();
    Uninterrupted.await(
        () -> {
          thread.join();
          return true;
        });
    socket.close();
  }

  private void run() {
    while (!closing) {
      try {
        awaitEvents(System.nanoTime());
        serveReady();
        serveUnfinished();
        dropStalled(System.nanoTime());
      } catch (IOException | RuntimeException e) {
        // The service must outlive whatever this was.
        LOG.error("RPC on {} goes on after a failure", socket.path(), e);
        acceptLater();
      }
    }
    clients.forEach(RpcConnection::close);
    try {
      selector.close();
    } catch (IOException e) {
      LOG.warn("RPC on {}: {}", socket.path(), e.getMessage());
    }
  }

  private void awaitEvents(long now) throws IOException {
    boolean paused = (listening.interestOps() & SelectionKey.OP_ACCEPT) == 0;
    if (paused && now - acceptAgainAt >= 0) {
      listening.interestOps(SelectionKey.OP_ACCEPT);
      paused = false;
    }
    if (!unfinished.isEmpty()) {
      selector.selectNow();
    } else if (paused || clients.stream().anyMatch(RpcConnection::hasOutput)) {
      selector.select(Math.clamp(limits.stallMillis() / 4, 10, 250));
    } else {
      selector.select();
    }
  }

  private void serveReady() {
    for (SelectionKey key : selector.selectedKeys()) {
      if (key == listening) {
        accept();
      } else if (key.isValid() && key.attachment() instanceof RpcConnection client) {
        serve(client);
      }
    }
    selector.selectedKeys().clear();
  }

  private void serveUnfinished() {
    for (int n = unfinished.size(); n > 0; n--) {
      RpcConnection client = unfinished.removeFirst();
      if (clients.contains(client)) {
        serve(client);
      }
    }
  }

  private void serve(RpcConnection client) {
    try {
      if (client.turn() && !unfinished.contains(client)) {
        unfinished.add(client);
      }
    } catch (IOException gone) {
      drop(client);
    }
  }

  private void accept() {
    try {
      for (int i = 0; i < limits.clients(); i++) {
        SocketChannel channel = socket.channel().accept();
        if (channel == null) {
          return;
        }
        welcome(channel);
      }
    } catch (IOException e) {
      LOG.warn("RPC on {} cannot accept a client for now: {}", socket.path(), e.getMessage());
      acceptLater();
    }
  }

  private void welcome(SocketChannel channel) throws IOException {
    try {
      channel.configureBlocking(false);
      if (clients.size() >= limits.clients() && !makeRoom(System.nanoTime())) {
        channel.write(ByteBuffer.wrap(FULL));
        channel.close();
        return;
      }
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      RpcConnection client = new RpcConnection(channel, key, commands, limits.lineBytes());
      key.attach(client);
      clients.add(client);
    } catch (IOException e) {
      channel.close();
    }
  }

  /** Drops the client that has been idle longest, if it has been so for long enough. */
  private boolean makeRoom(long now) {
    RpcConnection oldest =
        clients.stream()
            .max(Comparator.comparingLong((RpcConnection client) -> now - client.activeNanos()))
            .orElse(null);
    if (oldest == null || now - oldest.activeNanos() < limits.idleMillis() * 1_000_000) {
      return false;
    }
    drop(oldest);
    return true;
  }

  private void dropStalled(long now) {
    List<RpcConnection> stalled = new ArrayList<>();
    for (RpcConnection client : clients) {
      if (client.isStalled(now, limits.stallMillis() * 1_000_000)) {
        stalled.add(client);
      }
    }
    stalled.forEach(this::drop);
  }

  private void drop(RpcConnection client) {
    clients.remove(client);
    client.close();
  }

  private void acceptLater() {
    acceptAgainAt = System.nanoTime() + ACCEPT_AGAIN_NANOS;
    listening.interestOps(0);
  }
}
