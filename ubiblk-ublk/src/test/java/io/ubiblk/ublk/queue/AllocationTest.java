package io.ubiblk.ublk.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeferredCompletions;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests in steady state allocate nothing on the reactors' threads. */
@Timeout(120)
class AllocationTest {

  private static final int DEPTH = 32;
  private static final int SECTORS = 8;
  private static final int REQUESTS = 200_000;
  private static final int ATTEMPTS = 8;

  /** A driver that has another request for every tag that it is given. */
  private static final class Endless implements QueueSetup.DriverSide, QueueLink, KernelPages {

    private static final int GONE = -19;

    private final boolean[] given = new boolean[DEPTH];
    private final ReactorTask hand;
    private final boolean inKernel;
    private final AtomicLong copies = new AtomicLong();
    private IoHandler server = (tag, result) -> {};
    private volatile boolean ending;
    private final AtomicLong commits = new AtomicLong();

    Endless(IoReactor reactor, boolean inKernel) {
      this.inKernel = inKernel;
      hand = reactor.task(this::handOver);
    }

    @Override
    public IoDescriptors map(Arena arena) {
      MemorySegment all = arena.allocate((long) DEPTH * IoDescriptors.SIZE, 8);
      for (int tag = 0; tag < DEPTH; tag++) {
        long at = (long) tag * IoDescriptors.SIZE;
        all.set(ValueLayout.JAVA_INT, at, tag % 2 == 0 ? IoDescriptors.READ : IoDescriptors.WRITE);
        all.set(ValueLayout.JAVA_INT, at + 4, SECTORS);
        all.set(ValueLayout.JAVA_LONG, at + 8, (long) tag * SECTORS);
      }
      return new IoDescriptors(all);
    }

    @Override
    public QueueLink open(IoHandler handler) {
      server = handler;
      return this;
    }

    @Override
    public void fetch(int tag, long address) {
      given[tag] = true;
      hand.schedule();
    }

    @Override
    public void commit(int tag, long address, int result) {
      if (result != SECTORS * 512) {
        throw new AssertionError("committed " + result);
      }
      commits.incrementAndGet();
      fetch(tag, address);
    }

    @Override
    public @Nullable KernelPages pages() {
      return inKernel ? this : null;
    }

    @Override
    public int buffer(int tag) {
      return tag;
    }

    @Override
    public int take(int tag, MemorySegment memory, long offset, long length) {
      copies.incrementAndGet();
      return 0;
    }

    @Override
    public int give(int tag, MemorySegment memory, long offset, long length) {
      copies.incrementAndGet();
      return 0;
    }

    @Override
    public void close() {}

    private void handOver() {
      for (int tag = 0; tag < DEPTH; tag++) {
        if (given[tag]) {
          given[tag] = false;
          server.completed(tag, ending ? GONE : 0);
        }
      }
    }

    void awaitMore() throws InterruptedException {
      long goal = commits.get() + REQUESTS;
      while (commits.get() < goal) {
        Thread.sleep(1);
      }
    }
  }

  /** Takes half of the requests with fixed buffers, and fails half of those. */
  private static final class Straight extends ForwardingBlockDevice {
    Straight(BlockDevice delegate) {
      super(delegate);
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      BlockChannel below = delegate().openChannel(reactor, depth, completions);
      return new Channel(below, new DeferredCompletions(reactor, completions, depth));
    }

    private static final class Channel extends ForwardingBlockChannel
        implements FixedBufferChannel {
      private final DeferredCompletions deferred;

      Channel(BlockChannel delegate, DeferredCompletions deferred) {
        super(delegate);
        this.deferred = deferred;
      }

      @Override
      public boolean takesFixedBuffers() {
        return true;
      }

      @Override
      public boolean readFixed(long offset, int buffer, long length, long tag) {
        return answer(tag);
      }

      @Override
      public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
        return answer(tag);
      }

      private boolean answer(long tag) {
        boolean takes = tag % 4 < 2;
        if (takes) {
          deferred.add(tag, tag % 8 < 4 ? Status.OK : Status.EINVAL);
        }
        return takes;
      }
    }
  }

  @Test
  void requestsAllocateNothing() throws Exception {
    try (NullDevice device = new NullDevice(1 << 20)) {
      assertEquals(0, measure(device, false).copies.get());
    }
  }

  @Test
  void requestsWhoseDataStaysInTheKernelAllocateNothing() throws Exception {
    try (Straight device = new Straight(new NullDevice(1 << 20))) {
      Endless driver = measure(device, true);
      long commits = driver.commits.get();
      long copies = driver.copies.get();
      assertTrue(copies > 0 && copies < commits, copies + " copies for " + commits + " requests");
    }
  }

  private static Endless measure(BlockDevice device, boolean inKernel) throws Exception {
    try (ReactorGroup reactors = ReactorGroup.start(ReactorOptions.of(1))) {
      IoReactor reactor = (IoReactor) reactors.next();
      Endless driver = new Endless(reactor, inKernel);
      QueueSetup setup = new QueueSetup("queue", reactor, device, DEPTH, 1 << 16, driver);
      UblkQueue queue = OnReactor.call(reactor, () -> new UblkQueue(setup));
      long bytes = Long.MAX_VALUE;
      long requests = 1;
      // What is not compiled yet allocates.
      for (int i = 0; i < ATTEMPTS && bytes >= requests; i++) {
        driver.awaitMore();
        long commits = driver.commits.get();
        long before = allocated();
        driver.awaitMore();
        bytes = allocated() - before;
        requests = driver.commits.get() - commits;
      }
      driver.ending = true;
      queue.ended().get(10, TimeUnit.SECONDS);
      assertTrue(bytes < requests, bytes + " bytes for " + requests + " requests");
      return driver;
    }
  }

  /** Bytes that the threads of reactors have allocated so far. */
  private static long allocated() {
    ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] ids =
        Arrays.stream(beans.getThreadInfo(beans.getAllThreadIds()))
            .filter(info -> info != null && info.getThreadName().startsWith("ubiblk-reactor"))
            .mapToLong(java.lang.management.ThreadInfo::getThreadId)
            .toArray();
    assertTrue(ids.length > 0, "there are no reactors");
    return Arrays.stream(beans.getThreadAllocatedBytes(ids)).sum();
  }
}
