package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.StreamSocket;

/** Bytes as they are. */
final class PlainWire implements Wire, SocketHandler {

  private static final ScatterList NOTHING = new ScatterList();

  private final SocketPort port;
  private Handler handler;
  private ScatterList receiving = NOTHING;
  private ScatterList sending = NOTHING;
  private long position;
  private boolean closed;

  /** Takes over a socket, also if this fails. */
  PlainWire(IoReactor reactor, StreamSocket socket, Handler handler) throws BlockDeviceException {
    this.handler = handler;
    this.port = reactor.openSocket(socket, this);
  }

  @Override
  public void setHandler(Handler newHandler) {
    handler = newHandler;
  }

  @Override
  public void receive(ScatterList list) {
    receiving = list;
    port.receive(list);
  }

  @Override
  public void send(ScatterList list) {
    sending = list;
    position = 0;
    port.send(list, 0);
  }

  @Override
  public void close(Runnable onClosed) {
    closed = true;
    port.close(onClosed);
  }

  @Override
  public void received(int result) {
    if (isTemporary(result) && !closed) {
      port.receive(receiving);
    } else {
      handler.received(result);
    }
  }

  @Override
  public void sent(int result) {
    if (result > 0) {
      position += result;
    }
    boolean goesOn = result > 0 ? position < sending.byteSize() : isTemporary(result);
    if (goesOn && !closed) {
      port.send(sending, position);
    } else if (position == sending.byteSize()) {
      handler.sent(0);
    } else {
      handler.sent(result < 0 ? result : -Errno.EPIPE);
    }
  }

  private static boolean isTemporary(int result) {
    return result == -Errno.EAGAIN || result == -Errno.EINTR;
  }
}
