package io.ubiblk.core.reactor;

import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A descriptor watched by one operation that reports again and again. */
final class RingWatch implements Watch, RingReactor.Consumer {

  private static final int EVENT = 0;
  private static final int CANCELLATION = 1;

  /** How soon a watch that fails again and again is tried again. */
  private static final long RETRY_NANOS = 100_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(RingWatch.class);

  private final RingReactor reactor;
  private final Runnable onReadable;
  private final int fd;
  private final int number;
  private final ReactorTimer retry;
  private boolean armed;
  private boolean cancelling;
  private boolean closed;
  private int failures;

  RingWatch(RingReactor reactor, int fd, Runnable onReadable) {
    this.reactor = reactor;
    this.fd = fd;
    this.onReadable = onReadable;
    this.number = reactor.register(this);
    this.retry = reactor.timer(this::rearm);
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
    if (slot != EVENT) {
      return;
    }
    if (result < 0) {
      failed(result);
      return;
    }
    failures = 0;
    if (!armed) {
      arm();
    }
    onReadable.run();
  }

  /** A watch that is not asked for again would never report. */
  private void failed(int result) {
    if (failures++ == 0) {
      LOG.warn("watch of descriptor {} has failed: {}", fd, Errno.name(-result));
    }
    if (armed) {
      return;
    }
    if (failures == 1) {
      reactor.execute(this::rearm);
    } else {
      retry.set(reactor.nanoTime() + RETRY_NANOS);
    }
  }

  private void rearm() {
    if (!closed && !armed) {
      arm();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    retry.cancel();
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
