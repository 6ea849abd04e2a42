package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Another server on the same reactors with a guest that works all the time. It must not notice what
 * hostile guests do: no error, no wrong byte, no long pause.
 */
final class Neighbour implements AutoCloseable {

  private static final int DEPTH = 8;

  private final BlockDevice device = new MemoryDevice(1 << 20);
  private final VhostUserBlk server;
  private final VhostBlkClient client;
  private final Thread worker;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopping;
  private volatile long longestNanos;
  private final AtomicLong requests = new AtomicLong();

  /** Starts the server and its guest. */
  Neighbour(Path folder, ReactorGroup group) throws IOException, InterruptedException {
    Path socket = folder.resolve("neighbour.sock");
    server = VhostUserBlk.serve(device).at(socket).reactors(group).start();
    client = VhostBlkClient.connect(socket);
    worker = Thread.ofPlatform().name("neighbour").start(this::run);
  }

  private void run() {
    try {
      work();
    } catch (IOException | RuntimeException | Error e) {
      failure.set(e);
    }
  }

  private void work() throws IOException {
    AsyncQueue queue = client.queue(0).async();
    long buffer = client.memory().allocate(DEPTH * 4096, 4096);
    for (long round = 0; !stopping; round++) {
      byte mark = (byte) round;
      client.memory().setByte(buffer + 5, mark);
      queue.submitWrite(0, buffer, 4096, 0);
      for (int i = 1; i < DEPTH; i++) {
        queue.submitRead(8L * i, buffer + 4096L * i, 4096, i);
      }
      long begun = System.nanoTime();
      queue.drain((tag, status, used) -> assertEquals(0, status), Duration.ofSeconds(10));
      longestNanos = Math.max(longestNanos, System.nanoTime() - begun);
      requests.addAndGet(DEPTH);
      if (round % 16 == 0) {
        assertEquals(mark, client.queue(0).read(0, 4096)[5]);
      }
    }
  }

  /** Forgets how long requests took so far. */
  void forgetPauses() {
    longestNanos = 0;
  }

  /** Fails if something went wrong, or took longer than a time. */
  void assertUndisturbed(Duration longest) {
    assertNull(failure.get(), () -> "the neighbour saw " + failure.get());
    assertTrue(
        longestNanos < longest.toNanos(), () -> "a pause of " + longestNanos + " nanoseconds");
    assertTrue(requests() > 0);
  }

  long requests() {
    return requests.get();
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    try {
      worker.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    client.close();
    server.close();
    device.close();
  }
}
