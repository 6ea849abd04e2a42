package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.EventFd;

/**
 * A signal as a system call. A descriptor in blocking mode is written only while it has room: one
 * that is full is readable, so whoever waits for it has been woken already. That cannot be made
 * safe against a holder who takes the room away or changes the mode between the two calls; where
 * that matters, there has to be io_uring.
 */
final class DirectSignal implements Signal {

  private final int fd;
  private boolean closed;

  DirectSignal(int fd) {
    this.fd = fd;
  }

  @Override
  public void raise() {
    if (!closed && (Descriptor.isNonBlocking(fd) || Descriptor.isWritable(fd))) {
      EventFd.signal(fd);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
