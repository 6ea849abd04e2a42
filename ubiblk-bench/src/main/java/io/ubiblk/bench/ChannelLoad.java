package io.ubiblk.bench;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Drives a channel of a device: issues a batch of requests and turns the loop until all of them are
 * over. Allocates nothing after it has been opened. Belongs to the thread that opened the loop.
 */
public final class ChannelLoad implements AutoCloseable {

  private static final int OFFSETS = 4096;
  private static final long SEED = 20261121;

  private final EventLoop loop;
  private final BlockDevice device;
  private final Arena arena = Arena.ofShared();
  private final ScatterList[] lists;
  private final long[] offsets = new long[OFFSETS];
  private final BlockChannel channel;
  private int next;
  private long completed;
  private int lastError = Status.OK;

  /**
   * Opens a channel.
   *
   * @param loop the thread's own loop, closed with this
   * @param device what to drive, closed with this
   * @param depth most requests in a batch
   * @param blockSize length of a request in bytes
   * @throws IOException if the device gives no channel
   */
  public ChannelLoad(EventLoop loop, BlockDevice device, int depth, int blockSize)
      throws IOException {
    this.loop = loop;
    this.device = device;
    this.lists = new ScatterList[depth];
    for (int i = 0; i < depth; i++) {
      MemorySegment memory = arena.allocate(blockSize, 4096);
      lists[i] = ScatterList.of(memory);
    }
    long blocks = device.geometry().size() / blockSize;
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < OFFSETS; i++) {
      offsets[i] = random.nextLong(blocks) * blockSize;
    }
    this.channel = device.openChannel(loop, depth, this::completed);
  }

  /**
   * Reads at random offsets.
   *
   * @param count requests in the batch
   */
  public void read(int count) {
    long target = completed + count;
    for (int i = 0; i < count; i++) {
      accept(channel.read(nextOffset(), lists[i], i));
    }
    finish(target);
  }

  /**
   * Writes at random offsets.
   *
   * @param count requests in the batch
   */
  public void write(int count) {
    long target = completed + count;
    for (int i = 0; i < count; i++) {
      accept(channel.write(nextOffset(), lists[i], 0, i));
    }
    finish(target);
  }

  /**
   * Writes at offsets that are equally far apart.
   *
   * @param count requests in the batch
   * @param first offset of the first request in bytes
   * @param distance distance of the offsets in bytes
   */
  public void write(int count, long first, long distance) {
    long target = completed + count;
    for (int i = 0; i < count; i++) {
      accept(channel.write(first + i * distance, lists[i], 0, i));
    }
    finish(target);
  }

  private long nextOffset() {
    next = (next + 1) & (OFFSETS - 1);
    return offsets[next];
  }

  private static void accept(boolean accepted) {
    if (!accepted) {
      throw new IllegalStateException("the channel did not accept a request within its depth");
    }
  }

  private void finish(long target) {
    channel.submit();
    while (completed < target) {
      loop.turn();
    }
    if (lastError != Status.OK) {
      throw new IllegalStateException("a request ended with " + Status.name(lastError));
    }
  }

  private void completed(long tag, int status) {
    completed++;
    if (status != Status.OK) {
      lastError = status;
    }
  }

  /** Closes channel, device and loop. */
  @Override
  public void close() throws IOException {
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    channel.close(() -> closed.complete(true));
    turnUntil(closed);
    // Closing a device may wait for the loop, which only this thread turns.
    turnUntil(
        CompletableFuture.supplyAsync(
            () -> {
              try {
                device.close();
                return true;
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }));
    loop.close();
    arena.close();
  }

  private void turnUntil(CompletableFuture<Boolean> future) throws IOException {
    while (!future.isDone()) {
      loop.turn();
      Thread.onSpinWait();
    }
    try {
      future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("closing failed", e);
    }
  }
}
