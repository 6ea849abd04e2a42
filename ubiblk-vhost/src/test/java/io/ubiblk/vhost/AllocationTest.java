package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.CompletionListener;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests in steady state allocate nothing on the reactors' threads. */
class AllocationTest {

  private static final int REQUESTS = 200_000;
  private static final int DEPTH = 32;
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final CompletionListener IGNORED = (tag, status, used) -> {};

  @TempDir Path folder;

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

  private static void run(AsyncQueue queue, long buffer, int requests) throws Exception {
    for (int i = 0; i < requests; ) {
      while (queue.inFlight() < DEPTH && i < requests) {
        if (i % 2 == 0) {
          queue.submitRead(i % 1000, buffer, 4096, i);
        } else {
          queue.submitWrite(i % 1000, buffer, 4096, i);
        }
        i++;
      }
      queue.kick();
      assertTrue(queue.spin(LONG));
      queue.poll(IGNORED);
    }
    queue.drain(IGNORED, LONG);
  }

  private void assertNothingIsAllocated(long withoutFeatures) throws Exception {
    Path socket = folder.resolve("disk.sock");
    try (BlockDevice device = new NullDevice(1 << 20);
        ReactorGroup group = ReactorGroup.start(ReactorOptions.of(1))) {
      VhostUserBlk server = VhostUserBlk.serve(device).at(socket).reactors(group).start();
      VhostBlkOptions options = VhostBlkOptions.at(socket).withoutFeatures(withoutFeatures);
      try (VhostBlkClient client = VhostBlkClient.connect(options)) {
        long buffer = client.memory().allocate(4096, 4096);
        AsyncQueue queue = client.queue(0).async();
        run(queue, buffer, REQUESTS);
        long before = allocated();
        run(queue, buffer, REQUESTS);
        long bytes = allocated() - before;
        // What compiling and resting cost now and then; half a byte a request is not a request's.
        assertTrue(bytes < REQUESTS / 2, bytes + " bytes for " + REQUESTS + " requests");
      }
      server.close();
    }
  }

  @Test
  void requestsInTablesAllocateNothing() throws Exception {
    assertNothingIsAllocated(0);
  }

  @Test
  void requestsInDirectDescriptorsAllocateNothing() throws Exception {
    assertNothingIsAllocated(VirtioFeatures.INDIRECT_DESC);
  }

  @Test
  void suppressionByFlagAllocatesNothing() throws Exception {
    assertNothingIsAllocated(VirtioFeatures.EVENT_IDX);
  }
}
