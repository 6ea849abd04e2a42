package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.nbd.protocol.Command;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one connection on their way through the gate of its export. Confined to the
 * reactor's thread.
 */
final class Changes {

  private final ChangeGate gate;
  private final ChangeGate.Waiter waiter;
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();

  /**
   * Creates an empty queue.
   *
   * @param retry asks for {@link #next} until there is none
   */
  Changes(ChangeGate gate, ReactorTask retry) {
    this.gate = gate;
    this.waiter = new ChangeGate.Waiter(retry);
  }

  /** Whether a request may be executed now. Otherwise {@link #next} returns it some time. */
  boolean admit(Request request) {
    if (!isChange(request) || (waiting.isEmpty() && !request.isPartial() && enter(request))) {
      return true;
    }
    if (request.isPartial()) {
      gate.want();
      if (waiting.isEmpty() && enter(request)) {
        return true;
      }
    }
    waiting.add(request);
    gate.await(waiter);
    return false;
  }

  /** A request that was not admitted before and is now, or null. */
  @Nullable Request next() {
    Request first = waiting.peek();
    if (first == null) {
      return null;
    }
    if (!enter(first)) {
      gate.await(waiter);
      return null;
    }
    return waiting.remove();
  }

  /** A request is not with the device any more. */
  void leave(Request request) {
    if (request.inside) {
      request.inside = false;
      if (request.isPartial()) {
        gate.leaveAlone();
      } else {
        gate.leave();
      }
    }
  }

  /** Gives up what waits. */
  void stop() {
    for (Request request : waiting) {
      if (request.isPartial()) {
        gate.giveUp();
      }
    }
    waiting.clear();
  }

  private boolean enter(Request request) {
    request.inside = request.isPartial() ? gate.enterAlone() : gate.enter();
    return request.inside;
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
