package io.ubiblk.vhost;

import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Watch;
import io.ubiblk.vhost.protocol.FrontendConnection;
import io.ubiblk.vhost.session.Export;
import io.ubiblk.vhost.session.Session;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one frontend after the other, on the (virtual) thread that runs it. Nothing that happens
 * in a session ends the loop.
 */
final class ConnectionLoop {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLoop.class);

  /** How long to wait after the system had no descriptor or memory for a connection. */
  private static final long RETRY_MILLIS = 200;

  private final Export export;
  private final ListeningSocket socket;
  private final IoReactor watcher;
  private final Semaphore connecting = new Semaphore(1);
  private volatile @Nullable FrontendConnection connection;
  private volatile boolean ending;

  /**
   * Creates the loop.
   *
   * @param export what to serve
   * @param socket where frontends connect
   * @param watcher waits for them
   */
  ConnectionLoop(Export export, ListeningSocket socket, IoReactor watcher) {
    this.export = export;
    this.socket = socket;
    this.watcher = watcher;
  }

  boolean isServing() {
    return connection != null;
  }

  boolean isEnding() {
    return ending;
  }

  /** Makes {@link #run} return when the requests in flight have been given back. Any thread. */
  void end() {
    ending = true;
    connecting.release();
    FrontendConnection present = connection;
    if (present != null) {
      present.end();
    }
  }

  /** Makes {@link #run} return without giving requests back. Any thread. */
  void abandon() {
    end();
    FrontendConnection present = connection;
    if (present != null) {
      present.abandon();
    }
  }

  /** Serves frontends until the end. */
  void run() throws IOException, InterruptedException {
    Watch watch = watch(socket.fd(), connecting::release);
    try {
      while (!ending) {
        AFUNIXSocketChannel next = accept();
        if (next == null) {
          connecting.acquire();
          connecting.drainPermits();
        } else {
          serve(next);
        }
      }
    } finally {
      unwatch(watch);
    }
  }

  private @Nullable AFUNIXSocketChannel accept() throws InterruptedException {
    try {
      return socket.accept();
    } catch (IOException e) {
      LOG.warn("{}: a connection could not be accepted: {}", export.name(), e.getMessage());
      // No further event will come for a connection that waits already.
      if (!connecting.tryAcquire(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
        connecting.release();
      }
      return null;
    }
  }

  private void serve(AFUNIXSocketChannel channel) throws InterruptedException {
    try (FrontendConnection accepted = FrontendConnection.of(channel)) {
      connection = accepted;
      // Whoever ends the loop from now on finds the connection.
      if (ending) {
        return;
      }
      LOG.debug("{}: frontend is connected", export.name());
      Watch watch = watch(accepted.fd(), accepted::readable);
      try {
        new Session(export, accepted).run();
      } finally {
        unwatch(watch);
      }
      LOG.debug("{}: frontend has gone", export.name());
    } catch (IOException | RuntimeException | Error e) {
      LOG.error("{}: a session has failed", export.name(), e);
    } finally {
      connection = null;
    }
  }

  private Watch watch(int fd, Runnable onReadable) throws IOException {
    return OnReactor.call(watcher, () -> watcher.watch(fd, onReadable));
  }

  private void unwatch(Watch watch) {
    OnReactor.run(watcher, watch::close);
  }
}
