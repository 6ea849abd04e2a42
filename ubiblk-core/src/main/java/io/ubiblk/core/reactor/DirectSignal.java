package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.RoomToWrite;

/**
 * A signal as a system call. The descriptor is written only while it has room: one that is full is
 * readable, so whoever waits for it has been woken already. Its mode is not asked for, because
 * whoever else holds it may change it at any time. None of this is safe against a holder who takes
 * the room away between the two calls; where that matters, there has to be io_uring.
 */
final class DirectSignal implements Signal {

  private final int fd;
  private final RoomToWrite room = new RoomToWrite();
  private boolean closed;

  DirectSignal(int fd) {
    this.fd = fd;
  }

  @Override
  public void raise() {
    if (!closed && room.isThere(fd)) {
      EventFd.signal(fd);
    }
  }

  @Override
  public void finish(Runnable onFinished) {
    close();
    onFinished.run();
  }

  @Override
  public void close() {
    closed = true;
  }
}
