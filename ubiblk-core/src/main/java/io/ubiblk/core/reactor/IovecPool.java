package io.ubiblk.core.reactor;

import io.ubiblk.core.linux.Iovecs;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;

/**
 * Arrays of iovecs for the operations of one port whose memory is in several pieces. As many are
 * made as are in flight at once.
 */
final class IovecPool {

  private static final int SMALL = 128;

  private final Arena arena;
  private final ArrayDeque<Iovecs> small = new ArrayDeque<>();
  private final ArrayDeque<Iovecs> large = new ArrayDeque<>();

  IovecPool(Arena arena) {
    this.arena = arena;
  }

  Iovecs take(int pieces) {
    ArrayDeque<Iovecs> free = pieces <= SMALL ? small : large;
    Iovecs iovecs = free.poll();
    return iovecs != null ? iovecs : new Iovecs(arena, pieces <= SMALL ? SMALL : Iovecs.MAX);
  }

  void give(Iovecs iovecs) {
    (iovecs.capacity() <= SMALL ? small : large).push(iovecs);
  }
}
