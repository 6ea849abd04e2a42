package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.CommandPort;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.CompletionQueue;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.IoUring;
import io.ubiblk.core.linux.StreamSocket;
import io.ubiblk.core.linux.SubmissionQueue;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A reactor on one io_uring: file I/O, watched descriptors and signals are operations of the ring,
 * so that one system call starts a batch and waits for the next. Completions are found by looking
 * at memory.
 */
final class RingReactor extends BaseLoop {

  private static final int SQ_ENTRIES = 256;
  private static final int CQ_ENTRIES = 4096;

  // How often a submission is tried that the kernel does not take: some 3 s in all.
  private static final int MOST_IN_VAIN = 3_000;
  private static final int SHORT_WAITS = 16;
  private static final long SHORTAGE_NANOS = 1_000_000;

  private final IoUring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final EventFd wakeUp;
  private final ArrayList<@Nullable Consumer> consumers = new ArrayList<>();
  private final BitSet taken = new BitSet();
  private final CompletionStash stash = new CompletionStash();
  private final BufferTable buffers;
  private int inFlight;

  /** Whoever issued an operation. */
  interface Consumer {
    /** Receives a completion; {@code more} says that the same operation will complete again. */
    void completed(int slot, int result, boolean more);
  }

  private RingReactor(IoUring ring, EventFd wakeUp, long restAfterNanos) {
    super(restAfterNanos);
    this.ring = ring;
    this.submissions = ring.submissions();
    this.completions = ring.completions();
    this.wakeUp = wakeUp;
    this.buffers = new BufferTable(ring);
    new RingWatch(this, wakeUp.fd(), () -> {});
  }

  /**
   * Opens a reactor for the calling thread.
   *
   * @param restAfterNanos how long, in nanoseconds, a poller that finds nothing is polled while the
   *     reactor is busy otherwise
   * @return the reactor
   * @throws BlockDeviceException.Unsupported if the kernel has no io_uring that serves, or forbids
   *     it
   * @throws BlockDeviceException if descriptors or memory cannot be had
   */
  public static RingReactor open(long restAfterNanos) throws BlockDeviceException {
    IoUring ring = IoUring.open(SQ_ENTRIES, CQ_ENTRIES);
    try {
      return new RingReactor(ring, EventFd.open(), restAfterNanos);
    } catch (BlockDeviceException e) {
      ring.close();
      throw e;
    }
  }

  @Override
  public IoPort openPort(int depth, IoHandler handler) {
    return new RingPort(this, depth, handler);
  }

  @Override
  public CommandPort openCommands(IoHandler handler) {
    return new RingCommands(this, handler);
  }

  @Override
  public int reserveBuffers(int count) {
    return buffers.reserve(count);
  }

  @Override
  public void releaseBuffers(int first, int count) {
    buffers.release(first, count);
  }

  @Override
  public SocketPort openSocket(StreamSocket socket, SocketHandler handler) {
    return new RingSocket(this, socket, handler);
  }

  @Override
  public Watch watch(int fd, Runnable onReadable) {
    return new RingWatch(this, fd, onReadable);
  }

  @Override
  public Signal signal(int fd) {
    return RingSignal.of(this, fd);
  }

  /** The queue with room for at least one operation. */
  SubmissionQueue submissions() {
    for (int inVain = 0; submissions.isFull(); ) {
      inVain = submitSome() ? 0 : backOff(inVain + 1);
    }
    return submissions;
  }

  /**
   * Hands everything that is queued to the kernel, which then holds its own reference to the files.
   * To be called before a descriptor is given up: its number may be given to another file at once.
   */
  void submitAll() {
    for (int inVain = 0; submissions.pending() > 0; ) {
      inVain = submitSome() ? 0 : backOff(inVain + 1);
    }
  }

  /** Hands over what is queued; returns whether the kernel has taken anything. */
  private boolean submitSome() {
    int before = submissions.pending();
    if (ring.submit() < 0) {
      setAside();
    }
    return submissions.pending() < before;
  }

  /**
   * Makes room for completions, because the kernel may take nothing while too many wait. They are
   * not delivered from here: that may be inside of a submission.
   */
  void setAside() {
    stash.fill(completions);
  }

  /** Waits a little for the kernel to get over a shortage; returns its argument. */
  private static int backOff(int inVain) {
    if (inVain > MOST_IN_VAIN) {
      throw new IllegalStateException(
          "io_uring_enter takes nothing after " + MOST_IN_VAIN + " tries");
    }
    LockSupport.parkNanos(inVain < SHORT_WAITS ? 1 : SHORTAGE_NANOS);
    return inVain;
  }

  /** Registers a consumer; returns its number, the upper half of its operations' user data. */
  int register(Consumer consumer) {
    int number = taken.nextClearBit(0);
    taken.set(number);
    if (number == consumers.size()) {
      consumers.add(consumer);
    } else {
      consumers.set(number, consumer);
    }
    return number;
  }

  void unregister(int number) {
    consumers.set(number, null);
    taken.clear(number);
  }

  static long userData(int consumer, int slot) {
    return (long) consumer << 32 | slot;
  }

  /** Counts an operation on a file that has begun, or with -1 one that is over. */
  void count(int delta) {
    inFlight += delta;
  }

  @Override
  int inFlight() {
    return inFlight;
  }

  @Override
  int deliver() {
    int count = 0;
    while (!stash.isEmpty()) {
      long userData = stash.userData();
      int result = stash.result();
      int flags = stash.flags();
      stash.advance();
      dispatch(userData, result, flags);
      count++;
    }
    // Those that are there now; what a handler starts may complete at once, but has its turn later.
    // A handler may have all of them set aside, behind our back: then they have theirs later, too.
    for (int n = completions.available(); n > 0 && stash.isEmpty(); n--) {
      long userData = completions.userData();
      int result = completions.result();
      int flags = completions.flags();
      completions.advance();
      dispatch(userData, result, flags);
      count++;
    }
    return count;
  }

  private void dispatch(long userData, int result, int flags) {
    Consumer consumer = consumers.get((int) (userData >>> 32));
    if (consumer != null) {
      consumer.completed((int) userData, result, (flags & CompletionQueue.MORE) != 0);
    }
  }

  @Override
  void start() {
    ring.submit();
  }

  @Override
  void startAndWait(long maxNanos) {
    if (stash.isEmpty() && completions.available() == 0) {
      ring.submitAndWait(maxNanos);
    }
  }

  @Override
  void wake() {
    wakeUp.signal();
  }

  @Override
  void release() {
    ring.close();
    wakeUp.close();
  }

  @Override
  public String toString() {
    return "RingReactor";
  }
}
