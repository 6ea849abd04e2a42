package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** A vhost-user-blk backend in this process, for one frontend after the other. */
final class FakeBackend implements AutoCloseable {

  final FakeDisk disk = new FakeDisk();
  final AtomicInteger suppressedCalls = new AtomicInteger();
  final AtomicInteger latePublications = new AtomicInteger();
  volatile Misbehaviour misbehaviour = Misbehaviour.NONE;

  /** Whether a batch is completed backwards. */
  volatile boolean reverse;

  /** How many chains shall be taken and never come back. */
  final AtomicInteger swallow = new AtomicInteger();

  /** The session of the present frontend. */
  volatile @Nullable FakeSession session;

  private final AFUNIXServerSocket server;
  private final Thread thread;
  private volatile boolean closed;

  FakeBackend(Path socket) throws IOException {
    server = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket), true);
    thread = Thread.ofPlatform().daemon().name("fake-backend").start(this::run);
  }

  private void run() {
    while (!closed) {
      try (AFUNIXSocket socket = server.accept();
          FakeSession served = new FakeSession(this, socket)) {
        session = served;
        served.run();
      } catch (IOException e) {
        if (!closed) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
    FakeSession last = session;
    if (last != null) {
      last.disconnect();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
