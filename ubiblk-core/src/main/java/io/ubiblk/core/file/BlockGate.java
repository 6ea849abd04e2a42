package io.ubiblk.core.file;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a change that reads and rewrites whole storage blocks, here called exclusive, apart from
 * every other change of the same blocks, on all channels of a device. Needed only where the
 * storage's blocks are larger than a sector and the page cache is not used; nowhere else does a
 * request come here.
 *
 * <p>As long as there is no exclusive change, the others pass without a lock: each is counted by
 * its channel, and looks afterwards whether there is an exclusive one. An exclusive one that comes
 * is seen by all that follow, and looks afterwards at the counts; it waits until those that have
 * passed are over. Both sides write before they read, and all four accesses are volatile, so that
 * at least one of two sees the other. While there is one, requests that overlap are admitted in the
 * order in which they came.
 */
final class BlockGate {

  /** The requests of one channel that have passed without the lock. Counted by its thread. */
  static final class Passes {
    private volatile int count;

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    private void add(int n) {
      count += n;
    }
  }

  private final List<Passes> passes = new ArrayList<>();
  private @Nullable FileRequest first;
  private @Nullable FileRequest last;

  /** How many requests of the list are exclusive; written with the lock held. */
  private volatile int exclusives;

  /** Opens the gate for a channel. */
  synchronized Passes open() {
    Passes opened = new Passes();
    passes.add(opened);
    return opened;
  }

  /** A channel is gone, and has no requests any more. */
  synchronized void close(Passes closed) {
    passes.remove(closed);
  }

  /** Admits a request, or remembers it until its channel is told. Channel's thread. */
  boolean enter(FileRequest request, Passes own) {
    if (!request.exclusive) {
      own.add(1);
      if (exclusives == 0) {
        request.passed = true;
        return true;
      }
      own.add(-1);
    }
    return enterInOrder(request);
  }

  /** Takes out a request that was admitted, and admits those that waited for it. */
  void leave(FileRequest request, Passes own) {
    if (request.passed) {
      request.passed = false;
      own.add(-1);
      if (exclusives != 0) {
        admitWaiting();
      }
    } else {
      takeOut(request);
    }
  }

  /** Takes out a request that still waits; returns false if it has been admitted meanwhile. */
  synchronized boolean withdraw(FileRequest request) {
    if (request.admitted) {
      return false;
    }
    takeOut(request);
    return true;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held
  private synchronized boolean enterInOrder(FileRequest request) {
    append(request);
    if (request.exclusive) {
      exclusives++;
    }
    boolean atOnce = !isBlocked(request);
    request.admitted = atOnce;
    // The request may have stood in the way while it tried to pass.
    admitWaiting();
    return atOnce;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held
  private synchronized void takeOut(FileRequest request) {
    remove(request);
    if (request.exclusive) {
      exclusives--;
    }
    // Not before it is out of the list: another thread that leaves would admit it once more.
    request.admitted = false;
    admitWaiting();
  }

  private synchronized void admitWaiting() {
    for (FileRequest r = first; r != null; r = r.next) {
      if (!r.admitted && !isBlocked(r)) {
        r.admitted = true;
        r.channel.admitted(r);
      }
    }
  }

  private boolean isBlocked(FileRequest request) {
    if (request.exclusive && somePass()) {
      return true;
    }
    for (FileRequest r = request.previous; r != null; r = r.previous) {
      if ((r.exclusive || request.exclusive) && overlap(r, request)) {
        return true;
      }
    }
    return false;
  }

  private boolean somePass() {
    for (int i = 0; i < passes.size(); i++) {
      if (passes.get(i).count != 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean overlap(FileRequest a, FileRequest b) {
    FileAlignment alignment = a.channel.alignment();
    return alignment.down(a.offset) < alignment.up(b.end())
        && alignment.down(b.offset) < alignment.up(a.end());
  }

  private void append(FileRequest request) {
    request.previous = last;
    request.next = null;
    if (last == null) {
      first = request;
    } else {
      last.next = request;
    }
    last = request;
  }

  private void remove(FileRequest request) {
    if (request.previous == null) {
      first = request.next;
    } else {
      request.previous.next = request.next;
    }
    if (request.next == null) {
      last = request.previous;
    } else {
      request.next.previous = request.previous;
    }
    request.previous = null;
    request.next = null;
  }
}
