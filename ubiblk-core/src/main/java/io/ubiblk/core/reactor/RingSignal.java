package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;

/**
 * A signal as an operation of the ring: it costs no system call of its own, and where the counter
 * is full it is the kernel that waits.
 */
final class RingSignal implements Signal, RingReactor.Consumer {

  private static final int WRITE = 0;
  private static final int CANCELLATION = 1;

  private final RingReactor reactor;
  private final int fd;
  private final boolean mayBlock;
  private final int number;
  private boolean writing;
  private boolean again;
  private boolean cancelling;
  private boolean closed;

  RingSignal(RingReactor reactor, int fd) {
    this.reactor = reactor;
    this.fd = fd;
    this.mayBlock = !Descriptor.isNonBlocking(fd);
    this.number = reactor.register(this);
  }

  @Override
  public void raise() {
    if (closed) {
      return;
    }
    if (writing) {
      // The write under way may have been seen by the other side already: repeat it.
      again = true;
      return;
    }
    writing = true;
    reactor.submissions().signal(fd, mayBlock, RingReactor.userData(number, WRITE));
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    if (slot == CANCELLATION) {
      cancelling = false;
    } else {
      writing = false;
    }
    if (closed) {
      if (!writing && !cancelling) {
        reactor.unregister(number);
      }
    } else if (again && !writing) {
      again = false;
      raise();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    reactor.submitAll();
    if (writing) {
      cancelling = true;
      reactor
          .submissions()
          .cancel(RingReactor.userData(number, WRITE), RingReactor.userData(number, CANCELLATION));
    } else {
      reactor.unregister(number);
    }
  }
}
