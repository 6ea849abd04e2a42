package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.nbd.protocol.Command;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one connection, kept in order with those of others. Confined to the reactor's
 * thread but for what the order itself calls.
 */
final class Changes {

  private final ChangeOrder order;
  private final ReactorTask retry;
  private final int block;
  private final ChangesUnderWay underWay;

  /** Changes that had to wait and need not any more. Guarded by the order's lock. */
  private final ArrayDeque<Claim> granted;

  private boolean joined;

  /**
   * Begins without any.
   *
   * @param order of the device
   * @param slots how many requests there are at most
   * @param block size in bytes of the device's blocks
   * @param retry asks for {@link #next} until there is none
   */
  Changes(ChangeOrder order, int slots, int block, ReactorTask retry) {
    this.order = order;
    this.retry = retry;
    this.block = block;
    this.underWay = new ChangesUnderWay(slots);
    this.granted = new ArrayDeque<>(slots);
  }

  /** Whether a request may be executed now. Otherwise {@link #next} returns it some time. */
  boolean admit(Request request) {
    if (!isChange(request)) {
      return true;
    }
    if (!joined) {
      joined = true;
      order.join(this);
    }
    request.claim.set(this, block);
    request.inside = order.enter(request.claim);
    return request.inside;
  }

  /** A request that was not admitted before and is now, or null. */
  @Nullable Request next() {
    Request request = order.next(this);
    if (request != null) {
      request.inside = true;
    }
    return request;
  }

  /** A request is not with the device any more. */
  void leave(Request request) {
    if (request.inside) {
      request.inside = false;
      order.leave(request.claim);
    }
  }

  /** Gives up what waits. */
  void stop() {
    if (joined) {
      order.giveUp(this);
    }
  }

  /** The connection is over, and all its requests have left. */
  void end() {
    if (joined) {
      order.part(this);
    }
  }

  /** What the connection has with the device. Called on any thread. */
  ChangesUnderWay underWay() {
    return underWay;
  }

  /** What need not wait any more. With the order's lock held. */
  ArrayDeque<Claim> granted() {
    return granted;
  }

  /** A change need not wait any more. On any thread, with the order's lock held. */
  void grant(Claim claim) {
    granted.add(claim);
    retry.schedule();
  }

  private static boolean isChange(Request request) {
    return request.error == 0
        && request.length > 0
        && switch (request.command) {
          case Command.WRITE, Command.WRITE_ZEROES, Command.TRIM -> true;
          default -> false;
        };
  }
}
