package io.ubiblk.examples.quickstart;

import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.examples.Termination;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Uses a disk through its socket as a virtual machine would, and shows what happens. */
final class Demonstration {

  /** The disk's source needs about four seconds; a machine that needs this long goes on anyway. */
  private static final Duration FILLING_AT_MOST = Duration.ofSeconds(8);

  private static final Duration WRITING = Duration.ofSeconds(3);
  private static final int READS_ONLY = 0;
  private static final int HALF_WRITES = 50;
  private static final int PORTION = 1 << 20;
  private static final int SECTOR = 512;

  private final VirtualDisk disk;
  private final VhostBlkClient client;
  private final Content content;
  private final Display display;
  private final Termination termination;

  Demonstration(
      VirtualDisk disk,
      VhostBlkClient client,
      Content content,
      Display display,
      Termination termination) {
    this.disk = disk;
    this.client = client;
    this.content = content;
    this.display = display;
    this.termination = termination;
  }

  /** Reads at random until everything has been fetched. */
  void readWhileFilling() throws IOException {
    drive(READS_ONLY, FILLING_AT_MOST, () -> disk.fetchProgress().orElseThrow().isComplete());
  }

  /** Reads and writes at random, then flushes. */
  void readAndWrite() throws IOException {
    drive(HALF_WRITES, WRITING, () -> false);
    client.queue(0).flush();
  }

  /** Reads the disk from end to end and compares every word. */
  void verify() throws IOException {
    GuestMemory memory = client.memory();
    long buffer = memory.allocate(PORTION, Content.BLOCK);
    for (int block = 0; block < content.blocks(); block += PORTION / Content.BLOCK) {
      long sector = (long) block * Content.BLOCK / SECTOR;
      client.queue(0).async().submitRead(sector, buffer, PORTION, block);
      client.queue(0).async().drain(Demonstration::requireOk, FILLING_AT_MOST);
      content.verify(block, memory.slice(buffer, PORTION));
    }
    memory.free(buffer);
  }

  private void drive(int writePercent, Duration atMost, BooleanSupplier done) throws IOException {
    try (Load load = new Load(client, content)) {
      long end = System.nanoTime() + atMost.toNanos();
      load.start(writePercent);
      boolean last;
      do {
        last = done.getAsBoolean() || termination.isRequested();
        long begin = System.nanoTime();
        load.runFor(display.period());
        LatencyHistogram latencies = load.takeLatencies();
        display.progress(disk.fetchProgress().orElseThrow(), latencies, System.nanoTime() - begin);
      } while (!last && System.nanoTime() < end);
      load.finish();
    }
  }

  private static void requireOk(long tag, int status, long usedLength) {
    if (status != 0) {
      throw new IllegalStateException("reading block " + tag + " failed: status " + status);
    }
  }
}
