package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests in steady state allocate nothing on the reactors' threads. */
class AllocationTest {

  private static final int BATCHES = 1500;
  private static final int DEPTH = 32;
  private static final int BYTES = 4096;
  private static final int ATTEMPTS = 8;

  /** What resting costs now and then; two bytes a request are not a request's. */
  private static final long ENOUGH = 2L * BATCHES * DEPTH;

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

  /** So many requests of both kinds, and how many bytes of replies they make. */
  private static int replyBytes(ReplyStyle style) {
    int read =
        switch (style) {
          case SIMPLE -> 16 + BYTES;
          // A hole.
          case STRUCTURED -> 20 + 12;
          case EXTENDED -> 32 + 12;
        };
    return DEPTH / 2 * (read + (style == ReplyStyle.EXTENDED ? 32 : 16));
  }

  private static void run(NbdClient client, byte[] requests) throws IOException {
    byte[] sink = new byte[replyBytes(client.style)];
    for (int i = 0; i < BATCHES; i++) {
      client.send(requests);
      assertEquals(sink.length, client.in.readNBytes(sink, 0, sink.length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void requestsAllocateNothing(ReplyStyle style) throws Exception {
    try (Rig rig = new Rig(folder, ReactorOptions.Kind.AUTOMATIC, new NullDevice(1 << 20), b -> b);
        NbdClient client = rig.open(style)) {
      ByteArrayOutputStream requests = new ByteArrayOutputStream();
      for (int i = 0; i < DEPTH / 2; i++) {
        int flags = style == ReplyStyle.EXTENDED ? Command.FLAG_PAYLOAD_LEN : 0;
        requests.writeBytes(client.header(Command.READ, 0, i, i * 4096L, BYTES));
        requests.writeBytes(client.header(Command.WRITE, flags, i, i * 4096L, BYTES));
        requests.writeBytes(new byte[BYTES]);
      }
      long bytes = Long.MAX_VALUE;
      // On a busy machine the compiler takes its time, and what is interpreted allocates.
      for (int i = 0; i < ATTEMPTS && bytes >= ENOUGH; i++) {
        run(client, requests.toByteArray());
        long before = allocated();
        run(client, requests.toByteArray());
        bytes = allocated() - before;
      }
      assertTrue(bytes < ENOUGH, bytes + " bytes for " + BATCHES * DEPTH);
    }
  }
}
