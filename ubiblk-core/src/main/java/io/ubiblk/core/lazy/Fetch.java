package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Status;
import io.ubiblk.api.StripeSource;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt to read a stripe from the source, on a thread that may block. */
final class Fetch implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Fetch.class);

  final StripeWork work;
  private final @Nullable StripeSource source;
  private final long offset;
  private final StripeBuffer buffer;
  private final IntConsumer onDone;
  private @Nullable Thread thread;
  private boolean interrupted;

  /**
   * Creates an attempt.
   *
   * @param source the source, or null if it has been closed, which fails the attempt
   * @param onDone receives the status, on the blocking thread
   */
  Fetch(
      StripeWork work,
      @Nullable StripeSource source,
      long offset,
      StripeBuffer buffer,
      IntConsumer onDone) {
    this.work = work;
    this.source = source;
    this.offset = offset;
    this.buffer = buffer;
    this.onDone = onDone;
  }

  @Override
  public void run() {
    int status = Status.EIO;
    try {
      status = begin() ? read() : Status.ECANCELED;
    } finally {
      end();
      onDone.accept(status);
    }
  }

  /** Makes the attempt fail soon. */
  synchronized void interrupt() {
    interrupted = true;
    if (thread != null) {
      thread.interrupt();
    }
  }

  private synchronized boolean begin() {
    thread = Thread.currentThread();
    return !interrupted;
  }

  private synchronized void end() {
    thread = null;
    // The thread may be one that goes on to other work.
    boolean _ = Thread.interrupted();
  }

  private int read() {
    StripeSource open = source;
    if (open == null) {
      return Status.ECANCELED;
    }
    try {
      open.read(offset, buffer.makeMemory());
      return Status.OK;
    } catch (OutOfMemoryError e) {
      LOG.debug("no memory for stripe {} of {}", work.stripe, open, e);
      return Status.ENOMEM;
    } catch (IOException | RuntimeException e) {
      LOG.debug("stripe {} of {} failed", work.stripe, open, e);
      return statusOf(e);
    }
  }

  private static int statusOf(Exception e) {
    if (e instanceof BlockDeviceException.Io io) {
      return io.errno();
    }
    boolean late = e instanceof SocketTimeoutException || e.getCause() instanceof TimeoutException;
    return late ? Status.ETIMEDOUT : Status.EIO;
  }
}
