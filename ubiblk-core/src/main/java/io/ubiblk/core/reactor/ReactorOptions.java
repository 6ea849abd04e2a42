package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the reactors of a {@link ReactorGroup} are made.
 *
 * @param threads number of reactors, each with a thread of its own
 * @param kind which kind of reactor
 * @param pollNanos longest time in nanoseconds for which a reactor without work looks for more
 *     before it waits in the kernel; the reactor shortens it where looking does not pay. 0 never
 *     looks.
 * @param cpus processors to bind the threads to, in order; threads beyond the list are not bound
 */
public record ReactorOptions(int threads, Kind kind, long pollNanos, List<Integer> cpus) {

  /** The longest time in nanoseconds for which a reactor looks for completions of file I/O. */
  static final long STORAGE_POLL_NANOS = 10_000;

  private static final long DEFAULT_POLL_NANOS = 50_000;
  private static final long REST_AFTER_NANOS = 50_000;
  private static final Logger LOG = LoggerFactory.getLogger(ReactorOptions.class);
  private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

  /** Kinds of reactor. */
  public enum Kind {
    /** io_uring if the kernel has and allows it, otherwise epoll. */
    AUTOMATIC,
    /** io_uring or nothing. */
    RING,
    /** epoll and a pool of threads. */
    EPOLL
  }

  /** Checks the values and copies the list. */
  public ReactorOptions {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " reactor threads, expected at least 1");
    }
    if (pollNanos < 0) {
      throw new IllegalArgumentException("polling for " + pollNanos + " ns, expected at least 0");
    }
    cpus = List.copyOf(cpus);
  }

  /**
   * Returns options for a number of reactors, of the kind that the kernel allows.
   *
   * @param threads number of reactors
   * @return the options
   */
  public static ReactorOptions of(int threads) {
    return new ReactorOptions(threads, Kind.AUTOMATIC, DEFAULT_POLL_NANOS, List.of());
  }

  /**
   * Returns a copy with another kind of reactor.
   *
   * @param newKind the kind
   * @return the copy
   */
  public ReactorOptions withKind(Kind newKind) {
    return new ReactorOptions(threads, newKind, pollNanos, cpus);
  }

  /**
   * Returns a copy with another polling time.
   *
   * @param nanos longest time in nanoseconds
   * @return the copy
   */
  public ReactorOptions withPollNanos(long nanos) {
    return new ReactorOptions(threads, kind, nanos, cpus);
  }

  /**
   * Returns a copy that binds threads to processors.
   *
   * @param newCpus numbers of the processors
   * @return the copy
   */
  public ReactorOptions withCpus(List<Integer> newCpus) {
    return new ReactorOptions(threads, kind, pollNanos, newCpus);
  }

  /**
   * Opens one reactor for the calling thread, which drives it itself: for tests and for programs
   * that have a loop of their own.
   *
   * @return the reactor
   * @throws BlockDeviceException if the kernel refuses what the reactor needs
   */
  public EventLoop openLoop() throws BlockDeviceException {
    return open();
  }

  BaseLoop open() throws BlockDeviceException {
    return switch (kind) {
      case RING -> RingReactor.open(REST_AFTER_NANOS);
      case EPOLL -> EpollReactor.open(REST_AFTER_NANOS);
      case AUTOMATIC -> openAutomatic();
    };
  }

  private static BaseLoop openAutomatic() throws BlockDeviceException {
    try {
      return RingReactor.open(REST_AFTER_NANOS);
    } catch (BlockDeviceException.Unsupported e) {
      if (FALLBACK_LOGGED.compareAndSet(false, true)) {
        LOG.warn("{}; using epoll and a pool of threads instead, which is slower", e.getMessage());
      }
      return EpollReactor.open(REST_AFTER_NANOS);
    }
  }
}
