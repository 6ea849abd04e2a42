package io.ubiblk.testkit;

import java.util.BitSet;

/**
 * Something that a {@link CrashingBlockDevice} was told to write and has not made durable yet.
 *
 * <p>Blocks are counted from the change's first one.
 */
final class Change {

  static final long NEVER = Long.MAX_VALUE;

  final long offset;
  final int blocks;
  private final int blockSize;

  /** The new content; empty for zeros. */
  private final byte[] content;

  /** Blocks that this change does not touch any more: a newer one is durable, or it never did. */
  final BitSet gone = new BitSet();

  /** When the change became visible. */
  long appliedAt = NEVER;

  /** When its completion was delivered. */
  long completedAt = NEVER;

  /** Whether a failed flush has dropped it, so that no later flush makes it durable. */
  boolean lost;

  Change(long offset, long length, int blockSize, byte[] content) {
    this.offset = offset;
    this.blocks = Math.toIntExact(length / blockSize);
    this.blockSize = blockSize;
    this.content = content;
  }

  /** Writes one block to a store. */
  void apply(int block, SparseStore store, boolean unmap) {
    long at = offset + (long) block * blockSize;
    if (content.length == 0) {
      store.zero(at, blockSize, unmap);
    } else {
      store.write(at, content, block * blockSize, blockSize);
    }
  }

  /** Writes every block that is left to a store. */
  void applyAll(SparseStore store, boolean unmap) {
    if (gone.isEmpty() && content.length == 0) {
      store.zero(offset, (long) blocks * blockSize, unmap);
      return;
    }
    for (int i = gone.nextClearBit(0); i < blocks; i = gone.nextClearBit(i + 1)) {
      apply(i, store, unmap);
    }
  }

  /** Gives up what another change covers. */
  void yieldTo(Change newer) {
    long from = Math.max(offset, newer.offset);
    long to =
        Math.min(
            offset + (long) blocks * blockSize, newer.offset + (long) newer.blocks * blockSize);
    for (long at = from; at < to; at += blockSize) {
      if (!newer.gone.get((int) ((at - newer.offset) / blockSize))) {
        gone.set((int) ((at - offset) / blockSize));
      }
    }
  }

  boolean isGone() {
    return gone.nextClearBit(0) >= blocks;
  }
}
