package io.ubiblk.core.file;

import org.jspecify.annotations.Nullable;

/**
 * Keeps a change that reads and rewrites whole storage blocks apart from every other change of the
 * same blocks, on all channels of a device. Needed only where the storage's blocks are larger than
 * a sector and the page cache is not used; nowhere else does a request come here. Requests that
 * overlap are admitted in the order in which they came.
 */
final class BlockGate {

  private @Nullable FileRequest first;
  private @Nullable FileRequest last;

  /** Admits a request, or remembers it until its channel is told. */
  synchronized boolean enter(FileRequest request) {
    append(request);
    request.admitted = !isBlocked(request);
    return request.admitted;
  }

  /** Takes a request out, admitted or not, and admits those that waited for it. */
  synchronized void leave(FileRequest request) {
    remove(request);
    // Not before it is out of the list: another thread that leaves would admit it once more.
    request.admitted = false;
    for (FileRequest r = first; r != null; r = r.next) {
      if (!r.admitted && !isBlocked(r)) {
        r.admitted = true;
        r.channel.admitted(r);
      }
    }
  }

  /** Takes out a request that still waits; returns false if it has been admitted meanwhile. */
  synchronized boolean withdraw(FileRequest request) {
    if (request.admitted) {
      return false;
    }
    leave(request);
    return true;
  }

  private static boolean isBlocked(FileRequest request) {
    for (FileRequest r = request.previous; r != null; r = r.previous) {
      if ((r.exclusive || request.exclusive) && overlap(r, request)) {
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
