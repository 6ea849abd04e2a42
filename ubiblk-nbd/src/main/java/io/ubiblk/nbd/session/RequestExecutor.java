package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Status;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.WireError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Turns requests into calls of a channel, one at a time for each request, and statuses into errors.
 * The slot of a request is the tag of its calls. Confined to the reactor's thread.
 */
final class RequestExecutor {

  private static final int ZERO_BYTES = 64 * 1024;
  private static final int ZERO_PIECES = 16;
  private static final MemorySegment ZEROS = Arena.global().allocate(ZERO_BYTES, 4096);

  private final BlockChannel channel;
  private final int block;
  private final int largest;
  private final boolean flushes;
  private final boolean forces;
  private final boolean zeroes;
  private final PartialChanges partialChanges;

  RequestExecutor(BlockDevice device, BlockChannel channel) {
    this.channel = channel;
    this.block = device.geometry().logicalBlockSize();
    this.largest = device.geometry().maxTransfer();
    this.flushes = device.capabilities().contains(Capability.FLUSH);
    this.forces = device.capabilities().contains(Capability.FUA);
    this.partialChanges = new PartialChanges(channel, block);
    this.zeroes = device.capabilities().contains(Capability.WRITE_ZEROES);
  }

  /**
   * Issues the next call of a request.
   *
   * @return whether there is one; if not, the request is over
   */
  boolean advance(Request request) {
    if (request.error != 0 || (request.length == 0 && request.command != Command.FLUSH)) {
      return false;
    }
    if (!PartialChanges.isOver(request)) {
      return partly(request);
    }
    if (request.flushing) {
      return !request.flushed && issued(request, channel.flush(request.slot));
    }
    return switch (request.command) {
      case Command.READ, Command.WRITE -> transfer(request);
      case Command.FLUSH -> request.done == 0 && issued(request, channel.flush(request.slot));
      case Command.TRIM, Command.CACHE -> hint(request);
      case Command.WRITE_ZEROES -> zeroes ? zero(request) : writeZeros(request);
      default -> false;
    };
  }

  /** Takes the outcome of a call. */
  void completed(Request request, int status) {
    if (status != Status.OK) {
      boolean fastZero =
          request.command == Command.WRITE_ZEROES && request.has(Command.FLAG_FAST_ZERO);
      request.error = WireError.of(status, fastZero);
    } else if (!PartialChanges.isOver(request)) {
      partialChanges.completed(request);
    } else if (request.flushing) {
      request.flushed = true;
    } else {
      request.done += step(request);
      request.flushing = request.start + request.done >= request.end && mustFlush(request);
    }
  }

  private long step(Request request) {
    return switch (request.command) {
      case Command.READ, Command.WRITE -> request.data.byteSize();
      case Command.WRITE_ZEROES -> zeroes ? request.end - request.start : request.data.byteSize();
      // One call does it all; of a flush, all is nothing.
      default -> Math.max(1, request.end - request.start);
    };
  }

  private boolean transfer(Request request) {
    long at = request.start + request.done;
    if (at >= request.end) {
      return false;
    }
    long length = Math.min(request.end - at, largest);
    request.data.clear();
    request.data.add(request.memory().memory, request.done, length);
    boolean accepted =
        request.command == Command.READ
            ? channel.read(at, request.data, request.slot)
            : channel.write(at, request.data, forced(request), request.slot);
    return issued(request, accepted);
  }

  /** Changes the blocks of which a request changes a part, then all others. */
  private boolean partly(Request request) {
    if (request.has(Command.FLAG_FAST_ZERO) && request.command == Command.WRITE_ZEROES) {
      request.refuse(Refusal.NOT_FAST);
      return false;
    }
    return switch (partialChanges.advance(request, forced(request))) {
      case ISSUED -> true;
      case REFUSED -> issued(request, false);
      case OVER -> {
        request.flushing = request.start == request.end && mustFlush(request);
        yield advance(request);
      }
    };
  }

  private boolean zero(Request request) {
    if (request.done > 0 || request.start == request.end) {
      return false;
    }
    int flags = (request.has(Command.FLAG_NO_HOLE) ? IoFlags.NO_UNMAP : 0) | forced(request);
    return issued(
        request,
        channel.writeZeroes(request.start, request.end - request.start, flags, request.slot));
  }

  /** Zeroes on a device that cannot. */
  private boolean writeZeros(Request request) {
    if (request.has(Command.FLAG_FAST_ZERO)) {
      request.refuse(Refusal.NOT_FAST);
      return false;
    }
    long at = request.start + request.done;
    if (at >= request.end) {
      return false;
    }
    long left = Math.min(request.end - at, largest);
    request.data.clear();
    for (int i = 0; i < ZERO_PIECES && left > 0; i++) {
      long piece = Math.min(left, ZERO_BYTES);
      // The list merges what continues a piece, which a repetition does not.
      request.data.add(ZEROS, 0, piece);
      left -= piece;
    }
    return issued(request, channel.write(at, request.data, forced(request), request.slot));
  }

  /** Trims the whole blocks of a range, or brings near all blocks that it touches. */
  private boolean hint(Request request) {
    if (request.done > 0) {
      return false;
    }
    long mask = block - 1L;
    boolean trims = request.command == Command.TRIM;
    request.start = (trims ? request.offset + mask : request.offset) & ~mask;
    long end = request.offset + request.length;
    request.end = (trims ? end : end + mask) & ~mask;
    long length = request.end - request.start;
    if (length <= 0) {
      return false;
    }
    return issued(
        request,
        trims
            ? channel.discard(request.start, length, request.slot)
            : channel.prefetch(request.start, length, request.slot));
  }

  private boolean issued(Request request, boolean accepted) {
    if (!accepted) {
      // The channel is as deep as there are requests, so it has been closed.
      request.refuse(Refusal.ENDING);
    }
    return accepted;
  }

  private int forced(Request request) {
    return request.has(Command.FLAG_FUA) && forces ? IoFlags.FUA : IoFlags.NONE;
  }

  private boolean mustFlush(Request request) {
    if (!request.has(Command.FLAG_FUA) || !flushes) {
      return false;
    }
    return switch (request.command) {
      case Command.WRITE, Command.WRITE_ZEROES -> !forces;
      case Command.TRIM -> true;
      default -> false;
    };
  }
}
