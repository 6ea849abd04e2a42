package io.ubiblk.examples.quickstart;

import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Requests of 4 KiB at random places, always as many in flight as the depth says, timed one by one.
 * Whatever is read is compared with what must be there.
 */
final class Load implements AutoCloseable {

  private static final int DEPTH = 32;
  private static final int SECTORS = Content.BLOCK / 512;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AsyncQueue queue;
  private final GuestMemory memory;
  private final Content content;
  private final SplittableRandom random = new SplittableRandom(1);
  private final long buffers;
  private final MemorySegment[] buffer = new MemorySegment[DEPTH];
  private final int[] block = new int[DEPTH];
  private final boolean[] writing = new boolean[DEPTH];
  private final long[] begin = new long[DEPTH];
  private final BitSet busy = new BitSet();
  private final long[] latencies = new long[LatencyHistogram.BUCKETS];
  private int writePercent;
  private boolean ending;

  Load(VhostBlkClient client, Content content) {
    this.queue = client.queue(0).async();
    this.memory = client.memory();
    this.content = content;
    this.buffers = memory.allocate((long) DEPTH * Content.BLOCK, Content.BLOCK);
    for (int i = 0; i < DEPTH; i++) {
      buffer[i] = memory.slice(address(i), Content.BLOCK);
    }
  }

  /** Begins with as many requests as the depth says. */
  void start(int newWritePercent) throws IOException {
    writePercent = newWritePercent;
    ending = false;
    for (int i = 0; i < DEPTH; i++) {
      submit(i);
    }
    queue.kick();
  }

  /** Goes on for a time, replacing each request that has come back. */
  void runFor(Duration time) throws IOException {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      if (queue.poll(this::completed) > 0) {
        queue.kick();
      } else {
        queue.await(Duration.ofNanos(left));
      }
    }
  }

  /** Waits for the requests in flight. */
  void finish() throws IOException {
    ending = true;
    queue.drain(this::completed, PATIENCE);
  }

  /** Returns the latencies since the last call, as the guest sees them, and forgets them. */
  LatencyHistogram takeLatencies() {
    LatencyHistogram taken = LatencyHistogram.of(latencies);
    Arrays.fill(latencies, 0);
    return taken;
  }

  @Override
  public void close() {
    memory.free(buffers);
  }

  private void submit(int slot) {
    // Requests in flight together have no order: a block with one gets no second one.
    do {
      block[slot] = random.nextInt(content.blocks());
    } while (busy.get(block[slot]));
    busy.set(block[slot]);
    writing[slot] = random.nextInt(100) < writePercent;
    begin[slot] = System.nanoTime();
    long sector = (long) block[slot] * SECTORS;
    boolean accepted;
    if (writing[slot]) {
      content.change(block[slot]);
      content.fill(block[slot], buffer[slot]);
      accepted = queue.submitWrite(sector, address(slot), Content.BLOCK, slot);
    } else {
      accepted = queue.submitRead(sector, address(slot), Content.BLOCK, slot);
    }
    if (!accepted) {
      throw new IllegalStateException("the ring is full with " + queue.inFlight() + " requests");
    }
  }

  private void completed(long tag, int status, long usedLength) {
    int slot = (int) tag;
    latencies[LatencyHistogram.bucket(System.nanoTime() - begin[slot])]++;
    busy.clear(block[slot]);
    try {
      if (status != BlkRequest.OK) {
        throw new IOException("request for block " + block[slot] + " failed: status " + status);
      }
      if (!writing[slot]) {
        content.verifyEnds(block[slot], buffer[slot]);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!ending) {
      submit(slot);
    }
  }

  private long address(int slot) {
    return buffers + (long) slot * Content.BLOCK;
  }
}
