package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.nbd.protocol.Command;
import java.lang.foreign.MemorySegment;

/**
 * The first steps of a change that begins or ends within a block: the blocks at its edges are read,
 * and either completed with what is to be written, or zeroed in part and written back. What is left
 * then consists of whole blocks. Confined to the reactor's thread.
 */
final class PartialChanges {

  // The steps, in their order.
  private static final int READ_FIRST = 0;
  private static final int READ_LAST = 1;
  private static final int WRITE_FIRST = 2;
  private static final int WRITE_LAST = 3;

  /** Behind the last call: what is left is made whole blocks. */
  private static final int NARROW = 4;

  private static final int OVER = NARROW + 1;

  /** What came of an attempt to take the next step. */
  enum Outcome {
    ISSUED,
    /** The channel takes nothing. */
    REFUSED,
    /** Whole blocks are left, or nothing. */
    OVER
  }

  private final BlockChannel channel;
  private final int block;

  PartialChanges(BlockChannel channel, int block) {
    this.channel = channel;
    this.block = block;
  }

  /** Whether the first steps of a request are over, as they are from the beginning of most. */
  static boolean isOver(Request request) {
    return !request.isPartial() || request.step == OVER;
  }

  /** Bytes that a request needs behind those of its range. */
  static long room(int block) {
    return 2L * block;
  }

  /** Takes the next step of a request. */
  Outcome advance(Request request, int writeFlags) {
    while (request.step < OVER) {
      if (applies(request)) {
        return issue(request, writeFlags) ? Outcome.ISSUED : Outcome.REFUSED;
      }
      request.step++;
    }
    finish(request);
    return Outcome.OVER;
  }

  /** Takes note that a step has succeeded. */
  void completed(Request request) {
    if (request.step == READ_FIRST) {
      merge(request, 0, request.start);
    } else if (request.step == READ_LAST) {
      merge(request, block, request.end - block);
    }
    request.step++;
  }

  private boolean applies(Request request) {
    boolean zeroes = request.command == Command.WRITE_ZEROES;
    boolean first = request.offset != request.start;
    boolean last = request.last() != request.end;
    boolean same = request.end - request.start == block;
    return switch (request.step) {
      case READ_FIRST -> first;
      case READ_LAST -> last && !(first && same);
      case WRITE_FIRST -> zeroes && first;
      case WRITE_LAST -> zeroes && last && !(first && same);
      default -> false;
    };
  }

  private boolean issue(Request request, int writeFlags) {
    boolean isFirst = request.step == READ_FIRST || request.step == WRITE_FIRST;
    long at = isFirst ? request.start : request.end - block;
    request.data.clear();
    request.data.add(request.memory().memory, scratch(request) + (isFirst ? 0 : block), block);
    return request.step <= READ_LAST
        ? channel.read(at, request.data, request.slot)
        : channel.write(at, request.data, writeFlags, request.slot);
  }

  /**
   * Brings a block that was read and the change together.
   *
   * @param scratch where the block is, from the beginning of the scratch memory on
   * @param at the block's place on the device
   */
  private void merge(Request request, int scratch, long at) {
    MemorySegment memory = request.memory().memory;
    long found = scratch(request) + scratch;
    long from = Math.max(request.offset, at) - at;
    long to = Math.min(request.last(), at + block) - at;
    if (request.command == Command.WRITE_ZEROES) {
      memory.asSlice(found + from, to - from).fill((byte) 0);
    } else {
      long target = at - request.start;
      MemorySegment.copy(memory, found, memory, target, from);
      MemorySegment.copy(memory, found + to, memory, target + to, block - to);
    }
  }

  /** Leaves the whole blocks of what is to be zeroed. */
  private void finish(Request request) {
    if (request.command == Command.WRITE_ZEROES) {
      long mask = block - 1L;
      request.start = (request.offset + mask) & ~mask;
      request.end = Math.max(request.start, request.last() & ~mask);
    }
  }

  private static long scratch(Request request) {
    return request.command == Command.WRITE_ZEROES ? 0 : request.end - request.start;
  }
}
