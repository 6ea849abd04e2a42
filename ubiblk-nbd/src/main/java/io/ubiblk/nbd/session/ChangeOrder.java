package io.ubiblk.nbd.session;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps changes of a device apart of which one reads a block and writes it back: it would undo what
 * the other changes in that block meanwhile. A change waits for those that came before it and that
 * it touches in such a block, and for no others; so nobody is kept out for ever, and a change that
 * takes long holds up only its own blocks. Changes of whole blocks do not wait for each other.
 * Thread-safe, and no thread waits in it: who is not let in is told when he is.
 *
 * <p>While no change of a part of a block is there, the others take no lock. They make themselves
 * {@linkplain ChangesUnderWay visible}, then look at {@link #contended}; a change of a part sets
 * {@link #contended}, then looks who is visible. All these accesses are volatile, so they have one
 * order for all threads, and at least one of two sees the other. If only the change of a part does,
 * it waits; the other makes itself invisible when it is over, then looks at {@link #contended}, and
 * by then cannot miss who waits for it. If the change of whole blocks sees {@link #contended}, it
 * takes the lock and finds the other in the queue.
 */
final class ChangeOrder {

  private final List<Changes> connections = new ArrayList<>();

  /** Whether the queue is not empty. Changed with the lock held. */
  private volatile boolean contended;

  /**
   * The queue: changes of parts of blocks up to their end, those of whole blocks while they wait.
   */
  private @Nullable Claim head;

  private @Nullable Claim tail;

  /** A connection is going to change something. */
  synchronized void join(Changes connection) {
    connections.add(connection);
  }

  /** A connection has gone, and nothing of it is in here. */
  synchronized void part(Changes connection) {
    connections.remove(connection);
  }

  /**
   * Lets a change in, or makes it wait.
   *
   * @return whether it is in; if not, its connection is told when it is
   */
  boolean enter(Claim claim) {
    if (claim.isPartial()) {
      return enterPartial(claim);
    }
    show(claim);
    return !contended || enterContended(claim);
  }

  /** A change that was in is over. */
  void leave(Claim claim) {
    if (claim.isPartial()) {
      remove(claim);
    } else {
      claim.owner().underWay().remove(claim.request.slot);
      if (contended) {
        ended(claim);
      }
    }
  }

  /** Returns a change that had to wait and is in now, or null. */
  synchronized @Nullable Request next(Changes connection) {
    Claim claim = connection.granted().poll();
    return claim == null ? null : claim.request;
  }

  /** Forgets the changes of a connection that wait, or were let in and not taken. */
  synchronized void giveUp(Changes connection) {
    // From the back: to remove one lets only those in that are behind it.
    for (Claim claim = tail; claim != null; ) {
      Claim before = claim.previous;
      if (claim.owner == connection && !claim.granted) {
        remove(claim);
      }
      claim = before;
    }
    for (Claim c = connection.granted().poll(); c != null; c = connection.granted().poll()) {
      leave(c);
    }
  }

  private synchronized boolean enterPartial(Claim claim) {
    claim.blockers = countBefore(claim);
    append(claim);
    claim.granted = claim.blockers == 0 && !isTouched(claim);
    return claim.granted;
  }

  private synchronized boolean enterContended(Claim claim) {
    claim.blockers = countBefore(claim);
    if (claim.blockers == 0) {
      return true;
    }
    claim.owner().underWay().remove(claim.request.slot);
    append(claim);
    // Somebody may have seen it meanwhile, and wait for its end.
    ended(claim);
    return false;
  }

  /** Lets those in that waited for a change of whole blocks which was visible. */
  private synchronized void ended(Claim claim) {
    for (Claim c = head; c != null; c = c.next) {
      if (!c.granted && c.blockers == 0 && c.conflictsWith(claim)) {
        grantPartial(c);
      }
    }
  }

  private synchronized void remove(Claim claim) {
    Claim behind = claim.next;
    unlink(claim);
    for (Claim c = behind; c != null; c = behind) {
      behind = c.next;
      if (c.conflictsWith(claim) && --c.blockers == 0) {
        if (c.isPartial()) {
          grantPartial(c);
        } else {
          grantWhole(c);
        }
      }
    }
  }

  private void grantPartial(Claim claim) {
    if (!isTouched(claim)) {
      claim.granted = true;
      claim.owner().grant(claim);
    }
  }

  /** From now on it is visible, and those behind it wait for that. */
  private void grantWhole(Claim claim) {
    show(claim);
    claim.granted = true;
    for (Claim c = claim.next; c != null; c = c.next) {
      if (c.conflictsWith(claim)) {
        c.blockers--;
      }
    }
    unlink(claim);
    claim.owner().grant(claim);
  }

  private static void show(Claim claim) {
    claim.owner().underWay().add(claim.request.slot, claim.start(), claim.end());
  }

  private int countBefore(Claim claim) {
    int count = 0;
    for (Claim c = head; c != null; c = c.next) {
      if (c.conflictsWith(claim)) {
        count++;
      }
    }
    return count;
  }

  private boolean isTouched(Claim claim) {
    for (int i = 0; i < connections.size(); i++) {
      if (connections.get(i).underWay().touch(claim)) {
        return true;
      }
    }
    return false;
  }

  private void append(Claim claim) {
    Claim before = tail;
    claim.previous = before;
    claim.next = null;
    tail = claim;
    if (before == null) {
      head = claim;
    } else {
      before.next = claim;
    }
    contended = true;
  }

  private void unlink(Claim claim) {
    Claim before = claim.previous;
    Claim after = claim.next;
    if (before == null) {
      head = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      tail = before;
    } else {
      after.previous = before;
    }
    claim.previous = null;
    claim.next = null;
    contended = head != null;
  }
}
