package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.SocketPort;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/** Replies on their way out: what is there is sent together. */
final class Outgoing {

  /** A reply is two pieces of memory, and a few more where zeros are left out. */
  private static final int MOST_PIECES = SocketPort.MOST_PIECES;

  /** Enough for one call; more would hold memory back that the next requests could use. */
  private static final long ENOUGH_BYTES = 512 * 1024;

  /** Bytes of requests whose replies wait: more would be read into memory that no cache holds. */
  private static final long MOST_BACKLOG = 2 * ENOUGH_BYTES;

  private final ReplyWriter writer;
  private final Wire wire;
  private final Consumer<Request> onSent;
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final ArrayDeque<Request> underWay = new ArrayDeque<>();
  private final ScatterList list = new ScatterList(MOST_PIECES);
  private long backlog;

  /**
   * Creates an empty queue.
   *
   * @param onSent receives each request whose reply has been sent
   */
  Outgoing(ReplyWriter writer, Wire wire, Consumer<Request> onSent) {
    this.writer = writer;
    this.wire = wire;
    this.onSent = onSent;
  }

  void add(Request request) {
    waiting.add(request);
    backlog += request.bytesRead();
  }

  /** Whether so much waits to be sent that nothing more should be read. */
  boolean isFull() {
    return backlog >= MOST_BACKLOG;
  }

  boolean isIdle() {
    return waiting.isEmpty() && underWay.isEmpty();
  }

  /** Sends what is there, unless something is being sent. */
  void flush() {
    if (!underWay.isEmpty() || waiting.isEmpty()) {
      return;
    }
    list.clear();
    while (!waiting.isEmpty() && list.count() < MOST_PIECES - 1 && list.byteSize() < ENOUGH_BYTES) {
      Request request = waiting.remove();
      writer.append(request, list);
      underWay.add(request);
    }
    wire.send(list);
  }

  /** What was being sent has been sent. */
  void sent() {
    while (!underWay.isEmpty()) {
      Request request = underWay.remove();
      backlog -= request.bytesRead();
      onSent.accept(request);
    }
  }
}
