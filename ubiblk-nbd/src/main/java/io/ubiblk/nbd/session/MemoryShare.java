package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import org.jspecify.annotations.Nullable;

/**
 * What one connection has of the memory. A connection that has nothing gets a buffer in any case,
 * so that others cannot keep it from going on. Confined to the reactor's thread.
 */
final class MemoryShare {

  private final MemoryBudget budget;
  private final BufferPool pool;
  private final long limit;
  private final MemoryBudget.Waiter waiter;
  private long held;

  /**
   * Creates an empty share.
   *
   * @param retry tries again when there is memory
   */
  MemoryShare(MemoryBudget budget, BufferPool pool, long limit, ReactorTask retry) {
    this.budget = budget;
    this.pool = pool;
    this.limit = limit;
    this.waiter = new MemoryBudget.Waiter(retry);
    pool.enter();
  }

  /** A buffer of at least so many bytes, or null; then the task runs when it is worth a try. */
  @Nullable PooledBuffer take(long bytes) {
    long size = BufferPool.sizeFor(bytes);
    if (held == 0) {
      budget.force(size);
    } else if (held + size > limit) {
      // Whoever gives something back tries again.
      return null;
    } else if (!budget.reserve(size)) {
      budget.await(waiter);
      return null;
    }
    held += size;
    return pool.take(size);
  }

  void give(PooledBuffer buffer) {
    held -= buffer.size();
    pool.give(buffer);
    budget.release(buffer.size());
  }

  /** Nothing will be taken any more, and everything has been given back. */
  void leave() {
    pool.leave();
  }
}
