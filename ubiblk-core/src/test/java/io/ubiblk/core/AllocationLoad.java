package io.ubiblk.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ScatterList;
import java.lang.management.ManagementFactory;

/** Issues requests of one kind, many at once, and counts what the loop's thread allocates. */
public final class AllocationLoad implements AutoCloseable {

  private static final int DEPTH = 32;
  private static final int WARM_UP = 20_000;
  private static final int ATTEMPTS = 5;

  /** Issues one request. */
  public interface Issue {
    boolean to(BlockChannel channel, ScatterList data, int number);
  }

  private final EventLoop loop;
  private final BlockChannel channel;
  private int inFlight;
  private int failures;

  private AllocationLoad(EventLoop loop, BlockDevice device) throws Exception {
    this.loop = loop;
    this.channel = device.openChannel(loop, DEPTH, this::completed);
  }

  /** Demands that requests allocate nothing and, unless they are to be refused, succeed. */
  public static void expectNothing(
      String what,
      EventLoop loop,
      BlockDevice device,
      Issue issue,
      ScatterList data,
      int requests,
      boolean refused)
      throws Exception {
    try (AllocationLoad load = new AllocationLoad(loop, device)) {
      double bytes = load.bytesPerRequest(issue, data, requests);
      assertEquals(refused, load.failures > 0, load.failures + " requests of " + what + " failed");
      assertTrue(bytes < 1, what + " allocates " + bytes + " bytes for each request");
    }
  }

  /** Fewest bytes for each request, over some attempts: compilers and others allocate, too. */
  private double bytesPerRequest(Issue issue, ScatterList data, int requests) {
    ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double least = Double.MAX_VALUE;
    run(issue, data, Math.min(requests, WARM_UP));
    for (int i = 0; i < ATTEMPTS && least >= 0.1; i++) {
      long before = beans.getCurrentThreadAllocatedBytes();
      run(issue, data, requests);
      long bytes = beans.getCurrentThreadAllocatedBytes() - before;
      least = Math.min(least, (double) bytes / requests);
    }
    return least;
  }

  private void completed(long tag, int status) {
    inFlight--;
    failures += status == 0 ? 0 : 1;
  }

  private void run(Issue issue, ScatterList data, int requests) {
    int issued = 0;
    while (issued < requests || inFlight > 0) {
      while (issued < requests && inFlight < DEPTH && issue.to(channel, data, issued)) {
        issued++;
        inFlight++;
      }
      channel.submit();
      if (loop.turn() == 0) {
        loop.await(1_000_000);
      }
    }
  }

  @Override
  public void close() {
    boolean[] closed = new boolean[1];
    channel.close(() -> closed[0] = true);
    while (!closed[0]) {
      loop.turn();
    }
  }
}
