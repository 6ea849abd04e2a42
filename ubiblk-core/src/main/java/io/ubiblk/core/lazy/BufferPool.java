package io.ubiblk.core.lazy;

import io.ubiblk.api.Reactor;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a disk's fetches: at most so many buffers, none when nothing is being fetched.
 * Confined to the coordinator's thread, except that buffers come back from any.
 */
final class BufferPool {

  private static final int ALIGNMENT = 4096;

  private final Reactor home;
  private final int stripeSize;
  private final int most;
  private final Runnable onFree;
  private final ArrayDeque<StripeBuffer> free = new ArrayDeque<>();
  private @Nullable Arena arena;
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
    StripeBuffer buffer = free.poll();
    return (buffer == null ? make() : buffer).hold();
  }

  /** Gives the memory back if no buffer is in use. */
  void trim() {
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
    made++;
    Arena memory = arena;
    if (memory == null) {
      memory = Arena.ofShared();
      arena = memory;
    }
    return new StripeBuffer(memory.allocate(stripeSize, ALIGNMENT), this::cameBack);
  }

  private void cameBack(StripeBuffer buffer) {
    home.execute(
        () -> {
          taken--;
          free.push(buffer);
          onFree.run();
        });
  }
}
