package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.Epoll;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.StreamSocket;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;

/**
 * A reactor for kernels and containers that refuse io_uring: epoll for descriptors, a small pool of
 * threads for files.
 */
final class EpollReactor extends BaseLoop {

  private static final long WAKE_UP = 0;

  /** How soon the pool is asked again after it had no room. */
  private static final long REFUSED_NANOS = 1_000_000;

  private final Epoll epoll;
  private final EventFd wakeUp;
  private final Map<Long, Runnable> watches = new HashMap<>();
  private final MpscUnboundedAtomicArrayQueue<PoolOperation> done =
      new MpscUnboundedAtomicArrayQueue<>(256);
  private final ArrayDeque<PoolOperation> refused = new ArrayDeque<>();
  private long nextWatch = WAKE_UP + 1;
  private int inFlight;
  // Events that were fetched and not dispatched yet. They are edges: one that is dropped is lost.
  private int events;
  private int nextEvent;

  private EpollReactor(Epoll epoll, EventFd wakeUp, long restAfterNanos) {
    super(restAfterNanos);
    this.epoll = epoll;
    this.wakeUp = wakeUp;
  }

  /**
   * Opens a reactor for the calling thread.
   *
   * @param restAfterNanos how long, in nanoseconds, a poller that finds nothing is polled while the
   *     reactor is busy otherwise
   * @return the reactor
   * @throws BlockDeviceException if descriptors cannot be had
   */
  public static EpollReactor open(long restAfterNanos) throws BlockDeviceException {
    Epoll epoll = Epoll.open();
    try {
      EventFd wakeUp = EventFd.open();
      epoll.add(wakeUp.fd(), WAKE_UP);
      return new EpollReactor(epoll, wakeUp, restAfterNanos);
    } catch (BlockDeviceException e) {
      epoll.close();
      throw e;
    }
  }

  @Override
  public IoPort openPort(int depth, IoHandler handler) {
    return new PoolPort(this, depth, handler);
  }

  @Override
  public SocketPort openSocket(StreamSocket socket, SocketHandler handler)
      throws BlockDeviceException {
    return new EpollSocket(this, socket, handler);
  }

  @Override
  public Watch watch(int fd, Runnable onReadable) throws BlockDeviceException {
    long number = nextWatch++;
    return watched(fd, number, epoll.add(fd, number), onReadable);
  }

  /** Watches a descriptor as {@link #watch} does, for room to write as well. */
  Watch watchBothWays(int fd, Runnable onReady) throws BlockDeviceException {
    long number = nextWatch++;
    return watched(fd, number, epoll.addBothWays(fd, number), onReady);
  }

  private Watch watched(int fd, long number, int result, Runnable onEvent)
      throws BlockDeviceException {
    if (result < 0) {
      throw Errno.exception("watch", "descriptor " + fd, result);
    }
    watches.put(number, onEvent);
    return () -> {
      if (watches.remove(number) != null) {
        epoll.remove(fd);
      }
    };
  }

  @Override
  public Signal signal(int fd) {
    return new DirectSignal(fd);
  }

  /** Begins an operation in the pool, as soon as the pool takes it. */
  void begin(PoolOperation operation) {
    inFlight++;
    if (!refused.isEmpty() || !FilePool.offer(operation)) {
      refused.add(operation);
    }
  }

  /** Takes an operation back from a thread of the pool. */
  void finished(PoolOperation operation) {
    done.offer(operation);
    wakeIfAsleep();
  }

  @Override
  int inFlight() {
    return inFlight;
  }

  @Override
  int deliver() {
    int count = 0;
    for (int n = done.size(); n > 0; n--) {
      PoolOperation operation = done.poll();
      if (operation == null) {
        break;
      }
      inFlight--;
      operation.deliver();
      count++;
    }
    fetchEvents(0);
    return count + dispatch();
  }

  private void fetchEvents(long maxNanos) {
    if (nextEvent == events) {
      nextEvent = 0;
      events = 0;
      events = epoll.await(maxNanos);
    }
  }

  private int dispatch() {
    int count = 0;
    while (nextEvent < events) {
      Runnable onReadable = watches.get(epoll.data(nextEvent++));
      if (onReadable != null) {
        onReadable.run();
        count++;
      }
    }
    return count;
  }

  @Override
  void start() {
    while (!refused.isEmpty() && FilePool.offer(refused.peek())) {
      refused.remove();
    }
  }

  @Override
  void startAndWait(long maxNanos) {
    start();
    if (done.isEmpty()) {
      // Nobody tells when the pool, which is everybody's, has room again.
      fetchEvents(refused.isEmpty() ? maxNanos : Math.min(maxNanos, REFUSED_NANOS));
    }
  }

  @Override
  void wake() {
    wakeUp.signal();
  }

  @Override
  void release() {
    epoll.close();
    wakeUp.close();
  }

  @Override
  public String toString() {
    return "EpollReactor";
  }
}
