package io.ubiblk.core.reactor;

import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.SignalRing;
import org.jspecify.annotations.Nullable;

/**
 * A signal as an operation of the ring: it costs no system call of its own, and never waits for
 * room in the counter. Where a write might wait, it is a message to a {@link SignalRing}; before
 * Linux 5.18, and for descriptors that are no eventfds, a write by a thread of the kernel's.
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
  private boolean usesMessages;
  private @Nullable SignalRing messages;
  private boolean writing;
  private boolean again;
  private boolean cancelling;
  private boolean closed;
  private @Nullable Runnable onFinished;

  private RingSignal(RingReactor reactor, int fd, boolean knowsMessages) {
    this.reactor = reactor;
    this.fd = fd;
    this.mayBlock = !Descriptor.isNonBlocking(fd);
    this.usesMessages = mayBlock && knowsMessages;
    this.number = reactor.register(this);
    this.deadline = reactor.timer(this::close);
  }

  static RingSignal of(RingReactor reactor, int fd) {
    return new RingSignal(reactor, fd, true);
  }

  /** A signal as it is where the kernel knows no messages. */
  static RingSignal withoutMessages(RingReactor reactor, int fd) {
    return new RingSignal(reactor, fd, false);
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
    long userData = RingReactor.userData(number, WRITE);
    SignalRing ring = usesMessages ? openMessages() : null;
    if (ring == null) {
      reactor.submissions().signal(fd, mayBlock, userData);
    } else {
      ring.drain();
      reactor.submissions().message(ring.fd(), userData);
    }
  }

  /** Opened when it is first needed: most signals, such as those of errors, are never raised. */
  private @Nullable SignalRing openMessages() {
    if (messages == null) {
      messages = SignalRing.open(fd);
      usesMessages = messages != null;
    }
    return messages;
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    if (slot == CANCELLATION) {
      cancelling = false;
    } else {
      writing = false;
      if (result == -Errno.EINVAL && messages != null) {
        // The kernel knows no messages.
        usesMessages = false;
        closeMessages();
        again = true;
      }
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
    closeMessages();
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

  private void closeMessages() {
    SignalRing ring = messages;
    if (ring != null) {
      messages = null;
      ring.close();
    }
  }
}
