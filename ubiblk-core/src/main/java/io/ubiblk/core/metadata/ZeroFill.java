package io.ubiblk.core.metadata;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Makes a range of a device read as zeros, on several reactors at once where it is a long one. */
final class ZeroFill {

  private static final int ZERO_BYTES = 64 * 1024;

  /** Less is not worth a thread and a channel of its own. In bytes, a multiple of any block. */
  private static final long LEAST_SHARE = 1 << 20;

  private final BlockDevice device;
  private final boolean knowsZeroes;

  ZeroFill(BlockDevice device) {
    this.device = device;
    this.knowsZeroes = device.capabilities().contains(Capability.WRITE_ZEROES);
  }

  /**
   * Fills a range. It is durable when the device has been flushed.
   *
   * @param access the device on the first of the reactors
   * @param reactors share the work; those that there is too little of it for are left alone
   * @param from first byte
   * @param to end of the range in bytes
   * @throws IOException if the device fails; nothing is under way any more
   */
  void fill(BlockingAccess access, List<Reactor> reactors, long from, long to) throws IOException {
    long shares = Math.clamp((to - from) / LEAST_SHARE, 1, reactors.size());
    long share = (to - from) / shares / LEAST_SHARE * LEAST_SHARE;
    List<CompletableFuture<Boolean>> others = new ArrayList<>();
    long begin = from;
    try {
      for (Reactor reactor : reactors.subList(1, (int) shares)) {
        others.add(begin(reactor, begin, begin + share));
        begin += share;
      }
      fill(access, begin, to);
    } finally {
      CompletableFuture<?> all = CompletableFuture.allOf(others.toArray(CompletableFuture[]::new));
      Uninterrupted.await(() -> OnReactor.await(all));
    }
  }

  private CompletableFuture<Boolean> begin(Reactor reactor, long from, long to) {
    CompletableFuture<Boolean> end = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("ubiblk-zeros")
        .start(
            () -> {
              try (BlockingAccess access = BlockingAccess.open(device, reactor)) {
                fill(access, from, to);
                end.complete(true);
              } catch (IOException | RuntimeException | Error e) {
                end.completeExceptionally(e);
              }
            });
    return end;
  }

  private void fill(BlockingAccess access, long from, long to) throws IOException {
    if (knowsZeroes) {
      access.writeZeroes(from, to - from, 0);
      return;
    }
    MemorySegment zeros = MemorySegment.ofArray(new byte[ZERO_BYTES]);
    for (long at = from; at < to; at += ZERO_BYTES) {
      access.write(at, zeros.asSlice(0, Math.min(ZERO_BYTES, to - at)));
    }
  }
}
