package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.ErrorState;
import io.ubiblk.core.linux.MessageHeader;
import io.ubiblk.core.linux.StreamSocket;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A socket whose receipts and sendings are system calls, made when the kernel says that they will
 * get somewhere. A call that would block waits for the next event, which is an edge: none is lost,
 * because every receipt and sending is tried once after it was issued.
 */
final class EpollSocket implements SocketPort {

  private final EpollReactor reactor;
  private final StreamSocket socket;
  private final SocketHandler handler;
  private final Arena arena = Arena.ofConfined();
  private final ErrorState errors = new ErrorState(arena);
  private final MessageHeader toReceive = new MessageHeader(arena, MOST_PIECES);
  private final MessageHeader toSend = new MessageHeader(arena, MOST_PIECES);
  private final ReactorTask attempt;
  private final Watch watch;
  private boolean receiving;
  private boolean sending;
  private @Nullable Runnable onClosed;

  EpollSocket(EpollReactor reactor, StreamSocket socket, SocketHandler handler)
      throws BlockDeviceException {
    this.reactor = reactor;
    this.socket = socket;
    this.handler = handler;
    this.attempt = reactor.task(this::attempt);
    try {
      this.watch = reactor.watchBothWays(socket.fd(), attempt::schedule);
    } catch (BlockDeviceException e) {
      socket.close();
      arena.close();
      throw e;
    }
  }

  @Override
  public void receive(ScatterList list) {
    assert !receiving && onClosed == null : "a receipt is in flight, or the port is closed";
    receiving = true;
    toReceive.set(list, 0);
    attempt.schedule();
  }

  @Override
  public void send(ScatterList list, long position) {
    assert !sending && onClosed == null : "a sending is in flight, or the port is closed";
    sending = true;
    toSend.set(list, position);
    attempt.schedule();
  }

  @Override
  public void close(Runnable whenClosed) {
    assert onClosed == null : "the port has been closed";
    onClosed = whenClosed;
    socket.shutdown();
    attempt.schedule();
  }

  private void attempt() {
    if (sending) {
      int result = socket.send(toSend, errors);
      if (result != -Errno.EAGAIN) {
        sending = false;
        handler.sent(result);
      }
    }
    if (receiving) {
      int result = socket.receive(toReceive, errors);
      if (result != -Errno.EAGAIN) {
        receiving = false;
        handler.received(result);
      }
    }
    finishClosing();
  }

  private void finishClosing() {
    Runnable callback = onClosed;
    if (callback == null || receiving || sending || !arena.scope().isAlive()) {
      return;
    }
    watch.close();
    socket.close();
    arena.close();
    callback.run();
  }

  @Override
  public String toString() {
    return "EpollSocket(" + socket + ", " + reactor + ")";
  }
}
