package io.ubiblk.testkit;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A source around another one that fails, delays and holds up reads, by a script or by chance, and
 * counts them.
 *
 * <p>Reads that are delayed or held up notice when their thread is interrupted, and when the source
 * is closed. {@link #device} is empty whatever the other source says, so that every read passes
 * here.
 *
 * <p><b>Thread.</b> Thread-safe.
 */
public final class FaultySource implements StripeSource {

  private final StripeSource delegate;
  private final int stripeSize;
  private final SeededRandom random;
  private final Map<Long, Integer> readsOfStripes = new HashMap<>();
  private int failuresLeft;
  private int errno;
  private double failureRate;
  private Duration leastDelay = Duration.ZERO;
  private Duration mostDelay = Duration.ZERO;
  private boolean held;
  private boolean closed;
  private int reads;
  private int running;
  private int mostRunning;
  private int interruptions;
  private int closes;

  /**
   * Wraps a source.
   *
   * @param delegate the source, closed with this one
   * @param stripeSize stripe size in bytes by which reads are counted
   * @param seed decides what happens by chance
   */
  public FaultySource(StripeSource delegate, int stripeSize, long seed) {
    this.delegate = delegate;
    this.stripeSize = stripeSize;
    this.random = new SeededRandom(seed);
  }

  /**
   * Fails the next reads.
   *
   * @param withErrno what the exception says
   * @param count how many of them
   */
  public synchronized void failNext(int withErrno, int count) {
    errno = withErrno;
    failuresLeft = count;
  }

  /**
   * Fails reads by chance.
   *
   * @param rate how often, 0 for never to 1 for always
   * @param withErrno what the exception says
   */
  public synchronized void failRandomly(double rate, int withErrno) {
    errno = withErrno;
    failureRate = rate;
  }

  /**
   * Makes every read take longer, by chance. Real time, for reads run on threads of their own.
   *
   * @param least shortest delay
   * @param most longest delay
   */
  public synchronized void delay(Duration least, Duration most) {
    leastDelay = least;
    mostDelay = most;
  }

  /** Holds up reads, until {@link #release}. */
  public synchronized void hold() {
    held = true;
  }

  /** Lets go of the reads that are held up. */
  public synchronized void release() {
    held = false;
    notifyAll();
  }

  /** {@return how many reads have begun} */
  public synchronized int reads() {
    return reads;
  }

  /**
   * Returns how often a stripe, or a part of it, was read.
   *
   * @param stripe index of the stripe
   * @return how many reads have begun
   */
  public synchronized int reads(long stripe) {
    return readsOfStripes.getOrDefault(stripe, 0);
  }

  /** {@return how many reads are under way} */
  public synchronized int running() {
    return running;
  }

  /** {@return how many reads were under way at once at most} */
  public synchronized int mostRunning() {
    return mostRunning;
  }

  /** {@return how many reads have noticed that they were interrupted} */
  public synchronized int interruptions() {
    return interruptions;
  }

  /** {@return how often {@link #close} was called} */
  public synchronized int closes() {
    return closes;
  }

  /**
   * Waits until a number of reads have begun. Real time.
   *
   * @param count how many
   * @throws AssertionError if that does not happen within {@link LoopDriver#PATIENCE}
   */
  public synchronized void awaitReads(int count) {
    long end = System.nanoTime() + LoopDriver.PATIENCE.toNanos();
    while (reads < count) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw new AssertionError(reads + " reads, expected " + count);
      }
      try {
        wait(left / 1_000_000 + 1);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while waiting for reads", e);
      }
    }
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    Duration delay = begin(offset);
    try {
      waitFor(delay);
      fail(offset);
      delegate.read(offset, dst);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      synchronized (this) {
        interruptions++;
      }
      InterruptedIOException interrupted = new InterruptedIOException("read at " + offset);
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      synchronized (this) {
        running--;
      }
    }
  }

  private synchronized Duration begin(long offset) {
    reads++;
    readsOfStripes.merge(offset / stripeSize, 1, Integer::sum);
    running++;
    mostRunning = Math.max(mostRunning, running);
    notifyAll();
    long range = mostDelay.minus(leastDelay).toNanos();
    return leastDelay.plusNanos(random.below(range + 1));
  }

  private synchronized void waitFor(Duration delay) throws IOException, InterruptedException {
    long end = System.nanoTime() + delay.toNanos();
    for (long left = delay.toNanos(); left > 0 && !closed; left = end - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
    while (held && !closed) {
      wait();
    }
    if (closed) {
      throw new BlockDeviceException.Closed(this + " has been closed");
    }
  }

  private synchronized void fail(long offset) throws IOException {
    if (failuresLeft > 0 || random.chance(failureRate)) {
      failuresLeft = Math.max(0, failuresLeft - 1);
      throw new BlockDeviceException.Io("read at " + offset + " failed on purpose", errno);
    }
  }

  @Override
  public long size() {
    return delegate.size();
  }

  @Override
  public OptionalInt stripeSize() {
    return delegate.stripeSize();
  }

  @Override
  public boolean contains(long stripe, int stripeBytes) {
    return delegate.contains(stripe, stripeBytes);
  }

  @Override
  public boolean servesParts() {
    return delegate.servesParts();
  }

  @Override
  public int parallelism() {
    return delegate.parallelism();
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      closes++;
      closed = true;
      notifyAll();
    }
    delegate.close();
  }

  @Override
  public String toString() {
    return "FaultySource(" + delegate + ")";
  }
}
