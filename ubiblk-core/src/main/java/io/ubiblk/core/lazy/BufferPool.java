package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTimer;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a disk's fetches: at most so many buffers, none when nothing has been fetched for a
 * while. A buffer gets its memory from who fills it, because new memory is cleared, and the reactor
 * has no time for that. Confined to the coordinator's thread, except that buffers come back from
 * any.
 */
final class BufferPool {

  private static final long IDLE_NANOS = 1_000_000_000;

  private final Reactor home;
  private final int stripeSize;
  private final int most;
  private final Runnable onFree;
  private final ArrayDeque<StripeBuffer> free = new ArrayDeque<>();
  private @Nullable Arena arena;
  private final ReactorTimer idle;
  private boolean idleSet;
  private boolean usedSince;
  private boolean closed;
  private int made;
  private int taken;

  /**
   * Creates a pool.
   *
   * @param most number of buffers
   * @param onFree run on the coordinator's thread when a buffer has come back
   */
  BufferPool(Reactor home, int stripeSize, int most, Runnable onFree) {
    this.home = home;
    this.stripeSize = stripeSize;
    this.most = most;
    this.onFree = onFree;
    this.idle = home.timer(this::trimIfIdle);
  }

  int taken() {
    return taken;
  }

  int most() {
    return most;
  }

  /** A buffer, held once; there must be one. */
  StripeBuffer take() {
    assert taken < most;
    taken++;
    usedSince = true;
    StripeBuffer buffer = free.poll();
    return (buffer == null ? make() : buffer).hold();
  }

  /** Gives the memory back as soon as no buffer is in use. */
  void close() {
    closed = true;
    idle.cancel();
    trim();
  }

  private void trimIfIdle() {
    idleSet = false;
    if (usedSince) {
      startIdling();
    } else {
      trim();
    }
  }

  /** The timer looks once a while whether there was anything to do, so that it is rarely set. */
  private void startIdling() {
    if (taken == 0 && !idleSet) {
      idleSet = true;
      usedSince = false;
      idle.set(home.nanoTime() + IDLE_NANOS);
    }
  }

  private void trim() {
    Arena unused = arena;
    if (taken == 0 && unused != null) {
      arena = null;
      free.clear();
      made = 0;
      // Closing has to reach every thread of the process: not on a reactor's time.
      home.blocking().execute(unused::close);
    }
  }

  private StripeBuffer make() {
    assert made < most;
    int number = made++;
    Arena memory = arena;
    if (memory == null) {
      memory = Arena.ofShared();
      arena = memory;
    }
    return new StripeBuffer(number, memory, stripeSize, this::cameBack);
  }

  private void cameBack(StripeBuffer buffer) {
    home.execute(
        () -> {
          taken--;
          free.push(buffer);
          if (closed) {
            trim();
          } else {
            startIdling();
          }
          onFree.run();
        });
  }
}
