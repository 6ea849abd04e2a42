package io.ubiblk.core.reactor;

import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;
import org.jspecify.annotations.Nullable;

/**
 * A signal as an operation of the ring: it costs no system call of its own, and where the counter
 * is full it is the kernel that waits.
 */
final class RingSignal implements Signal, RingReactor.Consumer {

  private static final int WRITE = 0;
  private static final int CANCELLATION = 1;

  /** How long a signal that is given up in order may be under way. */
  private static final long LONGEST_NANOS = 1_000_000_000;

  private final RingReactor reactor;
  private final int fd;
  private final boolean mayBlock;
  private final int number;
  private final ReactorTimer deadline;
  private boolean writing;
  private boolean again;
  private boolean cancelling;
  private boolean closed;
  private @Nullable Runnable onFinished;

  RingSignal(RingReactor reactor, int fd) {
    this.reactor = reactor;
    this.fd = fd;
    this.mayBlock = !Descriptor.isNonBlocking(fd);
    this.number = reactor.register(this);
    this.deadline = reactor.timer(this::close);
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
    } else if (onFinished != null && !writing) {
      close();
    }
  }

  @Override
  public void finish(Runnable callback) {
    onFinished = callback;
    if (writing && !closed) {
      deadline.set(reactor.nanoTime() + LONGEST_NANOS);
    } else {
      close();
      finished();
    }
  }

  private void finished() {
    Runnable callback = onFinished;
    if (callback != null) {
      onFinished = null;
      callback.run();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    deadline.cancel();
    reactor.submitAll();
    if (writing) {
      cancelling = true;
      reactor
          .submissions()
          .cancel(RingReactor.userData(number, WRITE), RingReactor.userData(number, CANCELLATION));
    } else {
      reactor.unregister(number);
    }
    finished();
  }
}
