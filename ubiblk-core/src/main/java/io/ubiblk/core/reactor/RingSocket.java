package io.ubiblk.core.reactor;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.linux.MessageHeader;
import io.ubiblk.core.linux.StreamSocket;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** A socket whose receipts and sendings are operations of the ring. */
final class RingSocket implements SocketPort, RingReactor.Consumer {

  private static final int RECEIPT = 0;
  private static final int SENDING = 1;

  private static final int RECEIVED_PIECES = 4;

  /** The kernel cuts longer calls, and a length has to fit into an int. */
  private static final long MOST_BYTES = 1 << 30;

  private final RingReactor reactor;
  private final StreamSocket socket;
  private final SocketHandler handler;
  private final Arena arena = Arena.ofConfined();
  private final MessageHeader toReceive = new MessageHeader(arena, RECEIVED_PIECES);
  private final MessageHeader toSend = new MessageHeader(arena, MOST_PIECES);
  private final int number;
  private boolean receiving;
  private boolean sending;
  private @Nullable Runnable onClosed;

  RingSocket(RingReactor reactor, StreamSocket socket, SocketHandler handler) {
    this.reactor = reactor;
    this.socket = socket;
    this.handler = handler;
    this.number = reactor.register(this);
  }

  @Override
  public void receive(ScatterList list) {
    assert !receiving && onClosed == null : "a receipt is in flight, or the port is closed";
    receiving = true;
    long userData = RingReactor.userData(number, RECEIPT);
    if (list.count() == 1) {
      int length = (int) Math.min(list.length(0), MOST_BYTES);
      reactor.submissions().receive(socket.fd(), list.segment(0), list.offset(0), length, userData);
    } else {
      toReceive.set(list, 0);
      reactor.submissions().receive(socket.fd(), toReceive, userData);
    }
  }

  @Override
  public void send(ScatterList list, long position) {
    assert !sending && onClosed == null : "a sending is in flight, or the port is closed";
    sending = true;
    long userData = RingReactor.userData(number, SENDING);
    if (list.count() == 1) {
      int length = (int) Math.min(list.length(0) - position, MOST_BYTES);
      reactor
          .submissions()
          .send(socket.fd(), list.segment(0), list.offset(0) + position, length, userData);
    } else {
      toSend.set(list, position);
      reactor.submissions().send(socket.fd(), toSend, userData);
    }
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    if (slot == RECEIPT) {
      receiving = false;
      handler.received(result);
    } else {
      sending = false;
      handler.sent(result);
    }
    finishClosing();
  }

  @Override
  public void close(Runnable whenClosed) {
    assert onClosed == null : "the port has been closed";
    onClosed = whenClosed;
    // What waits in the kernel returns at once, and what is still queued will.
    socket.shutdown();
    reactor.execute(this::finishClosing);
  }

  private void finishClosing() {
    Runnable callback = onClosed;
    if (callback == null || receiving || sending || !arena.scope().isAlive()) {
      return;
    }
    reactor.unregister(number);
    socket.close();
    arena.close();
    callback.run();
  }
}
