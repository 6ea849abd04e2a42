package io.ubiblk.core.reactor;

import io.ubiblk.core.io.Watch;

/** A descriptor watched by one operation that reports again and again. */
final class RingWatch implements Watch, RingReactor.Consumer {

  private static final int EVENT = 0;
  private static final int CANCELLATION = 1;

  private final RingReactor reactor;
  private final Runnable onReadable;
  private final int fd;
  private final int number;
  private boolean armed;
  private boolean cancelling;
  private boolean closed;

  RingWatch(RingReactor reactor, int fd, Runnable onReadable) {
    this.reactor = reactor;
    this.fd = fd;
    this.onReadable = onReadable;
    this.number = reactor.register(this);
    arm();
  }

  private void arm() {
    armed = true;
    reactor.submissions().pollReadable(fd, RingReactor.userData(number, EVENT));
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    if (slot == CANCELLATION) {
      cancelling = false;
    } else if (!more) {
      armed = false;
    }
    if (closed) {
      // The number is given away only when no completion can come for it any more.
      if (!armed && !cancelling) {
        reactor.unregister(number);
      }
      return;
    }
    if (slot == EVENT && result >= 0) {
      if (!armed) {
        arm();
      }
      onReadable.run();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    reactor.submitAll();
    if (armed) {
      cancelling = true;
      reactor
          .submissions()
          .cancel(RingReactor.userData(number, EVENT), RingReactor.userData(number, CANCELLATION));
    } else {
      reactor.unregister(number);
    }
  }
}
