package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.EventFd;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A signal as a system call. Where the descriptor is in blocking mode, and its holder could have
 * filled it, a thread of the pool makes the call.
 */
final class DirectSignal implements Signal {

  private static final int IDLE = 0;
  private static final int WRITING = 1;
  private static final int WRITING_AGAIN = 2;

  private final int fd;
  private final AtomicInteger state = new AtomicInteger(IDLE);
  private volatile boolean closed;

  DirectSignal(int fd) {
    this.fd = fd;
  }

  @Override
  public void raise() {
    if (Descriptor.isNonBlocking(fd)) {
      EventFd.signal(fd);
    } else if (state.getAndUpdate(s -> s == IDLE ? WRITING : WRITING_AGAIN) == IDLE) {
      FilePool.offer(this::write);
    }
  }

  private void write() {
    do {
      if (closed) {
        return;
      }
      state.set(WRITING);
      EventFd.signal(fd);
    } while (!state.compareAndSet(WRITING, IDLE));
  }

  @Override
  public void close() {
    closed = true;
  }
}
