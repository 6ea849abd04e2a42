package io.ubiblk.nbd.session;

import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.IoReactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The reactors of a server, and the buffers that it keeps on each. Thread-safe. */
public final class ReactorShares {

  /**
   * A reactor and its buffers.
   *
   * @param reactor the reactor
   * @param pool its buffers, confined to its thread
   */
  public record Share(IoReactor reactor, BufferPool pool) {}

  private final List<Share> shares = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();

  /**
   * Creates the shares.
   *
   * @param reactors the reactors
   * @param mostKept most bytes to keep in free buffers of each
   */
  public ReactorShares(List<Reactor> reactors, long mostKept) {
    for (Reactor reactor : reactors) {
      shares.add(new Share((IoReactor) reactor, new BufferPool(mostKept)));
    }
  }

  /** {@return the first reactor, where clients are accepted} */
  public IoReactor first() {
    return shares.getFirst().reactor();
  }

  /** {@return all shares} */
  public List<Share> all() {
    return List.copyOf(shares);
  }

  /** The shares in turn. */
  Share next() {
    return shares.get(Math.floorMod(next.getAndIncrement(), shares.size()));
  }
}
