package io.ubiblk.nbd.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The requests of a connection: as many as may be in flight, made when they are first needed. */
final class RequestSlots {

  private final int size;
  private final ArrayList<Request> requests = new ArrayList<>();
  private final ArrayDeque<Request> free = new ArrayDeque<>();

  RequestSlots(int size) {
    this.size = size;
  }

  /** A request that is not in use, or null if there are as many as there may be. */
  @Nullable Request take() {
    Request request = free.poll();
    if (request == null && requests.size() < size) {
      request = new Request(requests.size());
      requests.add(request);
    }
    return request;
  }

  void give(Request request) {
    free.push(request);
  }

  Request get(long tag) {
    return requests.get((int) tag);
  }

  /** How many requests are in use. */
  int inUse() {
    return requests.size() - free.size();
  }

  void forEach(Consumer<Request> action) {
    requests.forEach(action);
  }
}
