package io.ubiblk.vhost;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Uninterrupted;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.vhost.session.BlockConfig;
import io.ubiblk.vhost.session.Export;
import io.ubiblk.vhost.session.Warnings;
import io.ubiblk.vhost.virtqueue.QueueLimits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A vhost-user-blk backend for one device on one socket. One frontend is served at a time; others
 * wait until it has gone. A frontend may go and come back as often as it likes.
 *
 * <pre>{@code
 * try (var server = VhostUserBlk.serve(disk).at(Path.of("disk.sock")).queues(4).start()) {
 *   server.awaitClose();
 * }
 * }</pre>
 *
 * <p>A server without a frontend, or with one that is quiet, has no thread of the operating
 * system's.
 */
public final class VhostUserBlk implements Frontend {

  private static final Logger LOG = LoggerFactory.getLogger(VhostUserBlk.class);

  private final Export export;
  private final Arena arena;
  private final ListeningSocket socket;
  private final Duration grace;
  private final IoReactor watcher;
  private final ConnectionLoop loop;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean closing = new AtomicBoolean();
  private final DeviceListener onDeviceFailure = new DeviceFailure();
  private volatile @Nullable State outcome;
  private volatile @Nullable Throwable failure;

  private VhostUserBlk(Export export, Arena arena, ListeningSocket socket, Duration grace) {
    this.export = export;
    this.arena = arena;
    this.socket = socket;
    this.grace = grace;
    this.watcher = (IoReactor) export.reactors().getFirst();
    this.loop = new ConnectionLoop(export, socket, watcher);
  }

  /**
   * Begins to describe a server.
   *
   * @param device the device to serve; it stays the caller's
   * @return what to describe the server with
   */
  public static Builder serve(BlockDevice device) {
    return new Builder(device);
  }

  @Override
  public State state() {
    State last = outcome;
    if (last != null) {
      return last;
    }
    if (loop.isEnding()) {
      return State.CLOSING;
    }
    return loop.isServing() ? State.SERVING : State.LISTENING;
  }

  @Override
  public void awaitClose() throws InterruptedException, BlockDeviceException.Failed {
    ended.await();
    Throwable cause = failure;
    if (cause != null) {
      throw new BlockDeviceException.Failed(export.name() + " has failed", cause);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Requests in flight get the {@linkplain Builder#grace time that was set} to be given back to
   * the guest. After that, those that only wait inside the device are cancelled; for those that are
   * under way it waits as long as they take.
   */
  @Override
  public void close() throws IOException {
    boolean first = closing.compareAndSet(false, true) && outcome == null;
    loop.end();
    if (!Uninterrupted.await(() -> ended.await(grace.toNanos(), TimeUnit.NANOSECONDS))) {
      loop.abandon();
    }
    Uninterrupted.await(
        () -> {
          ended.await();
          return true;
        });
    if (first && failure instanceof IOException cause) {
      throw cause;
    }
  }

  @Override
  public String toString() {
    return export.name();
  }

  private void begin() {
    Thread.ofVirtual().name(export.name()).start(this::run);
  }

  private void run() {
    export.device().addListener(onDeviceFailure);
    try {
      loop.run();
      if (failure == null) {
        flush();
      }
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      failure = e;
    } finally {
      export.device().removeListener(onDeviceFailure);
      finish();
    }
  }

  private void flush() throws IOException {
    if (export.device().capabilities().contains(Capability.FLUSH)) {
      try (BlockingAccess access = BlockingAccess.open(export.device(), watcher)) {
        access.flush();
      }
    }
  }

  private void finish() {
    Throwable cause = failure;
    if (cause != null) {
      LOG.error("{} ends", export.name(), cause);
    }
    try {
      socket.close();
    } catch (IOException e) {
      LOG.warn("{}: socket could not be removed", export.name(), e);
    }
    arena.close();
    outcome = cause == null ? State.CLOSED : State.FAILED;
    ended.countDown();
  }

  /** Ends the server when its device has failed for good. */
  private final class DeviceFailure implements DeviceListener {
    @Override
    public void failed(BlockDeviceException cause) {
      failure = cause;
      loop.abandon();
    }
  }

  /** Describes a server. */
  public static final class Builder {

    private static final int MOST_QUEUES = 256;
    private static final int LARGEST_RING = 32768;
    private static final int DEFAULT_RING = 1024;
    private static final int DEFAULT_SEGMENT = 1 << 20;
    private static final int DEFAULT_SEGMENTS = 126;
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

    private final BlockDevice device;
    private @Nullable Path path;
    private @Nullable ReactorGroup reactors;
    private int queues = 1;
    private int largestRing = DEFAULT_RING;
    private int largestSegment = DEFAULT_SEGMENT;
    private int mostSegments = DEFAULT_SEGMENTS;
    private boolean readOnly;
    private boolean anyMemory;
    private Duration grace = DEFAULT_GRACE;
    private String deviceId = "ubiblk";

    private Builder(BlockDevice device) {
      this.device = device;
    }

    /**
     * Sets where the server listens.
     *
     * @param socket path of the socket, at most 107 bytes
     * @return this
     */
    public Builder at(Path socket) {
      path = socket;
      return this;
    }

    /**
     * Sets the number of queues that a guest may use; 1 unless set.
     *
     * @param count 1 to 256
     * @return this
     */
    public Builder queues(int count) {
      queues = within("queues", count, 1, MOST_QUEUES);
      return this;
    }

    /**
     * Sets the most descriptors that a ring may have; 1024 unless set.
     *
     * @param descriptors a power of two up to 32768
     * @return this
     */
    public Builder largestRing(int descriptors) {
      largestRing = within("descriptors", descriptors, 1, LARGEST_RING);
      if (Integer.bitCount(descriptors) != 1) {
        throw new IllegalArgumentException(descriptors + " descriptors, expected a power of two");
      }
      return this;
    }

    /**
     * Advises the guest how to shape requests; larger ones are served too. 126 segments of 1 MiB
     * unless set.
     *
     * @param bytes most bytes in one segment
     * @param count most segments in one request
     * @return this
     */
    public Builder segments(int bytes, int count) {
      largestSegment = within("segment bytes", bytes, 1, Integer.MAX_VALUE);
      mostSegments = within("segments", count, 1, LARGEST_RING);
      return this;
    }

    /**
     * Serves the device for reading only.
     *
     * @param value whether to refuse changes
     * @return this
     */
    public Builder readOnly(boolean value) {
      readOnly = value;
      return this;
    }

    /**
     * Serves guests whose memory lies in any kind of file. Unless this is set, it must lie in
     * shared memory: a memfd, a file in {@code /dev/shm}, or huge pages.
     *
     * <p>To touch memory that lies in another file may take as long as its file system likes, and
     * meanwhile every queue on the same reactor waits: a guest's owner who can give it a file
     * system of their own can stop them all. Only for frontends that are trusted with that.
     *
     * @param value whether to take any file
     * @return this
     */
    public Builder anyMemory(boolean value) {
      anyMemory = value;
      return this;
    }

    /**
     * Sets the name by which the guest knows the device; {@code ubiblk} unless set.
     *
     * @param id of its UTF-8 form the first twenty bytes are used
     * @return this
     */
    public Builder deviceId(String id) {
      deviceId = id;
      return this;
    }

    /**
     * Sets how long {@link VhostUserBlk#close} waits for requests in flight to be given back to the
     * guest; five seconds unless set.
     *
     * @param time zero or more
     * @return this
     */
    public Builder grace(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("grace of " + time + ", expected zero or more");
      }
      grace = time;
      return this;
    }

    /**
     * Sets the reactors that the queues are spread over; the group that the process shares unless
     * set.
     *
     * @param group the reactors, to be closed after the server
     * @return this
     */
    public Builder reactors(ReactorGroup group) {
      reactors = group;
      return this;
    }

    /**
     * Starts the server. When this returns, the socket listens.
     *
     * @return the server
     * @throws BlockDeviceException.Busy if somebody listens at the path, or it is no socket
     * @throws IOException if the socket cannot be bound
     */
    public VhostUserBlk start() throws IOException {
      Path socketPath = path;
      if (socketPath == null) {
        throw new IllegalStateException("no socket path, expected a call of at(...)");
      }
      ReactorGroup group = reactors == null ? ReactorGroup.shared() : reactors;
      List<Reactor> assigned = new ArrayList<>();
      for (int i = 0; i < queues; i++) {
        assigned.add(group.next());
      }
      Arena arena = Arena.ofShared();
      try {
        BlockDevice served = readOnly ? new ReadOnlyDevice(device) : device;
        Export export =
            new Export(
                socketPath.toString(),
                served,
                assigned,
                largestRing,
                QueueLimits.of(arena, deviceId),
                new BlockConfig(served, queues, largestSegment, mostSegments),
                anyMemory,
                new Warnings(socketPath.toString()));
        VhostUserBlk server =
            new VhostUserBlk(export, arena, ListeningSocket.bind(socketPath), grace);
        server.begin();
        return server;
      } catch (IOException | RuntimeException e) {
        arena.close();
        throw e;
      }
    }

    private static int within(String what, int value, int low, int high) {
      if (value < low || value > high) {
        throw new IllegalArgumentException(
            value + " " + what + ", expected " + low + " to " + high);
      }
      return value;
    }
  }
}
