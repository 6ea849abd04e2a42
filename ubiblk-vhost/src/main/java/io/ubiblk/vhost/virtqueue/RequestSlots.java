package io.ubiblk.vhost.virtqueue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a queue: as many as its ring is long, made when they are first needed. Those in
 * flight hold the memory that they began with, and count what they keep of the heap.
 */
final class RequestSlots {

  /** Most pieces of memory that the requests in flight may consist of, but for one request. */
  private static final int MOST_PIECES = 1 << 17;

  private final int size;
  private final ArrayList<BlockRequest> requests = new ArrayList<>();
  private final ArrayDeque<BlockRequest> free = new ArrayDeque<>();
  private final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>();
  private int inFlight;
  private int pieces;

  RequestSlots(int size) {
    this.size = size;
  }

  /** Begins a request, or returns null if there are as many as there may be. */
  @Nullable BlockRequest begin(int head, MemoryLease lease) {
    if (isFull()) {
      return null;
    }
    BlockRequest request = free.poll();
    if (request == null) {
      request = new BlockRequest(requests.size());
      requests.add(request);
    }
    lease.requestBegins();
    request.begin(head, lease);
    inFlight++;
    return request;
  }

  /** Takes note of what a request consists of, once that is known. */
  void count(BlockRequest request) {
    request.counted = request.pieces();
    pieces += request.counted;
  }

  /** A request is over. */
  void end(BlockRequest request) {
    MemoryLease lease = request.lease;
    if (lease != null) {
      inFlight--;
      pieces -= request.counted;
      request.clear();
      free.push(request);
      lease.requestEnds();
    }
  }

  boolean isFull() {
    return inFlight == size || pieces > MOST_PIECES;
  }

  BlockRequest get(long tag) {
    return requests.get((int) tag);
  }

  int inFlight() {
    return inFlight;
  }

  /** Ends what never came back: requests that were waiting, or were cut off by a fault. */
  void endAll() {
    waiting.clear();
    requests.forEach(this::end);
  }

  /** A request waits until the channel takes more. */
  void await(BlockRequest request) {
    request.waiting = true;
    waiting.add(request);
  }

  int waiting() {
    return waiting.size();
  }

  BlockRequest nextWaiting() {
    BlockRequest request = waiting.remove();
    request.waiting = false;
    return request;
  }
}
