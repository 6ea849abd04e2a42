package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.virtqueue.RingObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All rings of a session. Those that stop do so together, and nobody waits for requests to be given
 * back to a frontend that is gone.
 */
final class Rings {

  private static final Logger LOG = LoggerFactory.getLogger(Rings.class);
  private static final long REPORT_SECONDS = 10;

  private final List<Vring> rings = new ArrayList<>();
  private final CompletableFuture<?> hopeless;

  /**
   * Creates the rings.
   *
   * @param hopeless completes when there is nobody to give requests back to any more
   */
  Rings(Export export, RingObserver observer, CompletableFuture<?> hopeless) {
    this.hopeless = hopeless;
    for (int i = 0; i < export.queues(); i++) {
      rings.add(new Vring(export, i, observer));
    }
  }

  Vring get(int index) throws BlockDeviceException.BadFormat {
    if (index < 0 || index >= rings.size()) {
      throw new BlockDeviceException.BadFormat(
          "ring " + Integer.toUnsignedLong(index) + ", expected 0 to " + (rings.size() - 1));
    }
    return rings.get(index);
  }

  void setMemory(GuestMemory memory) {
    rings.forEach(ring -> ring.setMemory(memory));
  }

  void setWriteThrough(boolean value) {
    rings.forEach(ring -> ring.setWriteThrough(value));
  }

  /**
   * Stops a ring when its requests are done, or without them if nobody waits for them.
   *
   * @return where the ring would go on
   */
  int stop(int index) throws BlockDeviceException.BadFormat {
    Vring ring = get(index);
    stop(List.of(ring));
    return ring.finishStop();
  }

  /** Stops every ring; their descriptors stay. */
  void stopAll() {
    stop(rings);
    rings.forEach(Vring::finishStop);
  }

  /** Stops every ring and gives everything up. */
  void end() {
    stop(rings);
    rings.forEach(Vring::release);
  }

  private void stop(List<Vring> some) {
    if (!hopeless.isDone()) {
      some.forEach(ring -> ring.beginStop(true));
      CompletableFuture.anyOf(stopped(some), hopeless).join();
    }
    CompletableFuture<Void> stopped = stopped(some);
    if (!stopped.isDone()) {
      some.forEach(ring -> ring.beginStop(false));
    }
    // Memory that the kernel may still write to cannot be given up, however long that takes.
    while (!isDone(stopped(some))) {
      LOG.warn("still waiting for requests under way of {}", some);
    }
  }

  private static CompletableFuture<Void> stopped(List<Vring> some) {
    return CompletableFuture.allOf(
        some.stream().map(Vring::stopped).toArray(CompletableFuture[]::new));
  }

  private static boolean isDone(CompletableFuture<Void> stopped) {
    try {
      return Uninterrupted.await(
          () -> {
            try {
              stopped.get(REPORT_SECONDS, TimeUnit.SECONDS);
              return true;
            } catch (TimeoutException e) {
              return false;
            } catch (ExecutionException e) {
              throw new AssertionError(e);
            }
          });
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
