package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;

/**
 * Turns virtio-blk requests into calls of a channel, and statuses of the channel into those of the
 * protocol. The slot of a request is the tag of its calls.
 *
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-2850006">virtio
 *     1.2, section 5.2.6</a>
 */
final class RequestExecutor {

  /** What became of an attempt to start a request. */
  enum Outcome {
    /** The request is with the channel. */
    STARTED,
    /** The request is over; its result says how. */
    FINISHED,
    /** The channel takes no more for now. */
    FULL
  }

  /** What a call's completion means for its request. */
  enum Progress {
    /** Other calls of the request are missing. */
    PENDING,
    /** There is more to do: start the request again. */
    AGAIN,
    /** The request is over; its result says how. */
    OVER
  }

  private static final int ID_BYTES = 20;
  private static final long LARGEST_USED_LENGTH = 0xffffffffL;

  private final BlockDevice device;
  private final BlockChannel channel;
  private final QueueLimits limits;
  private final Ranges ranges;
  private final boolean canForce;
  private final int largest;
  private boolean writeThrough;

  RequestExecutor(BlockDevice device, BlockChannel channel, QueueLimits limits, Arena arena) {
    this.device = device;
    this.channel = channel;
    this.limits = limits;
    this.ranges = new Ranges(device, arena);
    this.canForce = device.capabilities().contains(Capability.FUA);
    this.largest = device.geometry().maxTransfer();
  }

  /** Whether writes must be durable when they complete. */
  void setWriteThrough(boolean value) {
    writeThrough = value && device.capabilities().contains(Capability.FLUSH);
  }

  /** Starts a request that was read from its chain, or goes on with one that is not complete. */
  Outcome start(BlockRequest request) {
    if (request.flushing) {
      return channel.flush(request.slot) ? Outcome.STARTED : Outcome.FULL;
    }
    if (request.malformed) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    if (request.result != BlockRequest.OK) {
      return cut(request);
    }
    return switch (request.type) {
      case BlockRequest.TYPE_IN -> read(request);
      case BlockRequest.TYPE_OUT -> write(request);
      case BlockRequest.TYPE_FLUSH -> flush(request);
      case BlockRequest.TYPE_GET_ID -> id(request);
      case BlockRequest.TYPE_DISCARD -> ranges(request, Capability.DISCARD);
      case BlockRequest.TYPE_WRITE_ZEROES -> ranges(request, Capability.WRITE_ZEROES);
      default -> finished(request, BlockRequest.UNSUPPORTED);
    };
  }

  /** Takes the outcome of one call of the channel. */
  Progress completed(BlockRequest request, int status) {
    request.unfinished--;
    request.vanished |= status == Status.EFAULT;
    if (status != Status.OK && request.result == BlockRequest.OK) {
      request.result =
          status == Status.EOPNOTSUPP ? BlockRequest.UNSUPPORTED : BlockRequest.IO_ERROR;
    }
    if (request.unfinished > 0 || request.waiting) {
      return Progress.PENDING;
    }
    if (request.result != BlockRequest.OK || request.flushing) {
      return Progress.OVER;
    }
    if (request.issued < request.parts) {
      return Progress.AGAIN;
    }
    if (mustFlushAfter(request)) {
      request.flushing = true;
      request.unfinished = 1;
      return Progress.AGAIN;
    }
    return Progress.OVER;
  }

  /** Bytes that the device has written into a finished request's chain. */
  static int written(BlockRequest request) {
    if (!request.hasStatus()) {
      return 0;
    }
    if (request.result != BlockRequest.OK) {
      return 1;
    }
    return switch (request.type) {
      case BlockRequest.TYPE_IN -> (int) Math.min(request.in.byteSize() + 1, LARGEST_USED_LENGTH);
      case BlockRequest.TYPE_GET_ID -> ID_BYTES + 1;
      default -> 1;
    };
  }

  private Outcome read(BlockRequest request) {
    if (request.out.byteSize() > 0) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    return transfer(request, request.in);
  }

  private Outcome write(BlockRequest request) {
    if (request.in.byteSize() > 0) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    return transfer(request, request.out);
  }

  /** Issues a read or write, or the next parts of one that is larger than the device takes. */
  private Outcome transfer(BlockRequest request, ScatterList data) {
    long length = data.byteSize();
    if (request.issued == 0) {
      if (length % Geometry.SECTOR != 0 || !isInside(request.sector, length)) {
        return finished(request, BlockRequest.IO_ERROR);
      }
      request.parts = length <= largest ? 1 : (length + largest - 1) / largest;
    }
    request.beginBatch();
    while (request.issued < request.parts && request.batchHasRoom()) {
      ScatterList part = request.parts == 1 ? data : request.nextSlice(data, largest);
      long offset = request.sector * Geometry.SECTOR + request.issued * largest;
      boolean accepted =
          request.type == BlockRequest.TYPE_IN
              ? channel.read(offset, part, request.slot)
              : channel.write(offset, part, forced(), request.slot);
      if (!accepted) {
        return Outcome.FULL;
      }
      request.issued++;
      request.unfinished++;
    }
    return Outcome.STARTED;
  }

  private boolean isInside(long sector, long length) {
    return sector >= 0
        && sector <= Long.MAX_VALUE / Geometry.SECTOR
        && device.geometry().check(sector * Geometry.SECTOR, length) == Status.OK;
  }

  private Outcome flush(BlockRequest request) {
    if (!channel.flush(request.slot)) {
      return Outcome.FULL;
    }
    request.issued = 1;
    request.unfinished = 1;
    return Outcome.STARTED;
  }

  private Outcome id(BlockRequest request) {
    if (request.in.byteSize() < ID_BYTES) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    request.vanished = !request.in.copyFrom(0, limits.id(), 0, ID_BYTES);
    return finished(request, request.vanished ? BlockRequest.IO_ERROR : BlockRequest.OK);
  }

  private Outcome ranges(BlockRequest request, Capability needed) {
    if (!device.capabilities().contains(needed)) {
      return finished(request, BlockRequest.UNSUPPORTED);
    }
    if (request.issued == 0) {
      byte verdict = ranges.check(request);
      if (verdict != BlockRequest.OK) {
        return finished(request, verdict);
      }
      request.parts = request.out.byteSize() / Ranges.SIZE;
    }
    while (request.issued < request.parts) {
      if (!ranges.next(request)) {
        // The memory went away, or changed since it was checked.
        request.result = BlockRequest.IO_ERROR;
        return cut(request);
      }
      if (!issueRange(request)) {
        return Outcome.FULL;
      }
      request.issued++;
      request.unfinished++;
    }
    return Outcome.STARTED;
  }

  private boolean issueRange(BlockRequest request) {
    if (request.type == BlockRequest.TYPE_DISCARD) {
      return channel.discard(ranges.offset(), ranges.length(), request.slot);
    }
    int flags = (ranges.unmap() ? 0 : IoFlags.NO_UNMAP) | forced();
    return channel.writeZeroes(ranges.offset(), ranges.length(), flags, request.slot);
  }

  private int forced() {
    return writeThrough && canForce ? IoFlags.FUA : IoFlags.NONE;
  }

  private boolean mustFlushAfter(BlockRequest request) {
    return writeThrough
        && !canForce
        && (request.type == BlockRequest.TYPE_OUT
            || request.type == BlockRequest.TYPE_WRITE_ZEROES);
  }

  /** Issues nothing more of a request of which a part has failed. */
  private static Outcome cut(BlockRequest request) {
    return request.unfinished == 0 ? Outcome.FINISHED : Outcome.STARTED;
  }

  private static Outcome finished(BlockRequest request, byte result) {
    request.result = result;
    return Outcome.FINISHED;
  }
}
