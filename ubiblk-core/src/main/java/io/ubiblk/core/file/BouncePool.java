package io.ubiblk.core.file;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The bounce buffers of a channel: none until the first one is needed, a few at most. Requests
 * beyond that wait.
 */
final class BouncePool {

  private static final int MOST = 8;

  private final Arena arena = Arena.ofConfined();
  private final ArrayDeque<BounceBuffer> free = new ArrayDeque<>();
  private int made;

  @Nullable BounceBuffer take() {
    BounceBuffer buffer = free.poll();
    if (buffer == null && made < MOST) {
      made++;
      buffer = new BounceBuffer(arena);
    }
    return buffer;
  }

  void give(BounceBuffer buffer) {
    free.push(buffer);
  }

  void close() {
    arena.close();
  }
}
