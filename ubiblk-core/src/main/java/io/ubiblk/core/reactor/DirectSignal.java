package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.EventFd;

/**
 * A signal as a system call. The descriptor's mode is looked at each time: whoever shares it could
 * have made it blocking again, and filled it.
 */
final class DirectSignal implements Signal {

  private final int fd;
  private boolean closed;

  DirectSignal(int fd) {
    this.fd = fd;
  }

  @Override
  public void raise() {
    if (!closed && Descriptor.isNonBlocking(fd)) {
      EventFd.signal(fd);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
