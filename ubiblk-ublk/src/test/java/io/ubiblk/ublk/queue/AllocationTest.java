package io.ubiblk.ublk.queue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
  private static final class Endless implements QueueSetup.DriverSide, QueueLink {

    private static final int GONE = -19;

    private final boolean[] given = new boolean[DEPTH];
    private final ReactorTask hand;
    private IoHandler server = (tag, result) -> {};
    private volatile boolean ending;
    private final AtomicLong commits = new AtomicLong();

    Endless(IoReactor reactor) {
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

  @Test
  void requestsAllocateNothing() throws Exception {
    try (ReactorGroup reactors = ReactorGroup.start(ReactorOptions.of(1));
        NullDevice device = new NullDevice(1 << 20)) {
      IoReactor reactor = (IoReactor) reactors.next();
      Endless driver = new Endless(reactor);
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
