package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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
    /** The data has to be made durable: start the request again. */
    AGAIN,
    /** The request is over; its result says how. */
    OVER
  }

  // struct virtio_blk_discard_write_zeroes
  private static final int RANGE_SIZE = 16;
  private static final int RANGE_SECTOR = 0;
  private static final int RANGE_SECTORS = 8;
  private static final int RANGE_FLAGS = 12;
  private static final int RANGE_UNMAP = 1;
  private static final int ID_BYTES = 20;

  private final BlockDevice device;
  private final BlockChannel channel;
  private final QueueLimits limits;
  private final boolean canForce;
  private final MemorySegment range;
  private boolean writeThrough;

  RequestExecutor(BlockDevice device, BlockChannel channel, QueueLimits limits, Arena arena) {
    this.device = device;
    this.channel = channel;
    this.limits = limits;
    this.canForce = device.capabilities().contains(Capability.FUA);
    this.range = arena.allocate(RANGE_SIZE, 8);
  }

  /** Whether writes must be durable when they complete. */
  void setWriteThrough(boolean value) {
    writeThrough = value && device.capabilities().contains(Capability.FLUSH);
  }

  /** Starts a request that was read from its chain, or goes on where the channel was full. */
  Outcome start(BlockRequest request) {
    if (request.flushing) {
      return channel.flush(request.slot) ? Outcome.STARTED : Outcome.FULL;
    }
    if (request.malformed) {
      return finished(request, BlockRequest.IO_ERROR);
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
    if (status != Status.OK && request.result == BlockRequest.OK) {
      request.result =
          status == Status.EOPNOTSUPP ? BlockRequest.UNSUPPORTED : BlockRequest.IO_ERROR;
    }
    if (request.unfinished > 0 || request.issued < request.parts) {
      return Progress.PENDING;
    }
    if (mustFlushAfter(request) && request.result == BlockRequest.OK && !request.flushing) {
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
      case BlockRequest.TYPE_IN -> (int) request.in.byteSize() + 1;
      case BlockRequest.TYPE_GET_ID -> ID_BYTES + 1;
      default -> 1;
    };
  }

  private Outcome read(BlockRequest request) {
    ScatterList data = request.in;
    if (request.out.byteSize() > 0 || !isTransfer(request, data)) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    return issued(request, channel.read(request.sector * Geometry.SECTOR, data, request.slot));
  }

  private Outcome write(BlockRequest request) {
    ScatterList data = request.out;
    if (request.in.byteSize() > 0 || !isTransfer(request, data)) {
      return finished(request, BlockRequest.IO_ERROR);
    }
    int flags = writeThrough && canForce ? IoFlags.FUA : IoFlags.NONE;
    return issued(
        request, channel.write(request.sector * Geometry.SECTOR, data, flags, request.slot));
  }

  private static boolean isTransfer(BlockRequest request, ScatterList data) {
    return isSector(request.sector) && data.byteSize() % Geometry.SECTOR == 0;
  }

  private static boolean isSector(long sector) {
    return sector >= 0 && sector <= Long.MAX_VALUE / Geometry.SECTOR;
  }

  private Outcome flush(BlockRequest request) {
    return issued(request, channel.flush(request.slot));
  }

  private Outcome id(BlockRequest request) {
    boolean fits = request.in.byteSize() >= ID_BYTES;
    boolean copied = fits && request.in.copyFrom(0, limits.id(), 0, ID_BYTES);
    return finished(request, copied ? BlockRequest.OK : BlockRequest.IO_ERROR);
  }

  private Outcome ranges(BlockRequest request, Capability needed) {
    if (!device.capabilities().contains(needed)) {
      return finished(request, BlockRequest.UNSUPPORTED);
    }
    if (request.issued == 0) {
      byte verdict = checkRanges(request);
      if (verdict != BlockRequest.OK) {
        return finished(request, verdict);
      }
    }
    while (request.issued < request.parts) {
      if (!readRange(request, request.issued)
          || !isSector(range.get(ValueLayout.JAVA_LONG, RANGE_SECTOR))) {
        // The memory went away, or changed since it was checked.
        request.parts = request.issued;
        request.result = BlockRequest.IO_ERROR;
        return request.unfinished == 0 ? Outcome.FINISHED : Outcome.STARTED;
      }
      if (!issueRange(request)) {
        return Outcome.FULL;
      }
      request.issued++;
      request.unfinished++;
    }
    return Outcome.STARTED;
  }

  private byte checkRanges(BlockRequest request) {
    long bytes = request.out.byteSize();
    if (bytes == 0
        || bytes % RANGE_SIZE != 0
        || bytes / RANGE_SIZE > QueueLimits.MOST_RANGES
        || request.in.byteSize() > 0) {
      return BlockRequest.IO_ERROR;
    }
    request.parts = (int) (bytes / RANGE_SIZE);
    int allowed = request.type == BlockRequest.TYPE_WRITE_ZEROES ? RANGE_UNMAP : 0;
    for (int i = 0; i < request.parts; i++) {
      if (!readRange(request, i)) {
        return BlockRequest.IO_ERROR;
      }
      long sector = range.get(ValueLayout.JAVA_LONG, RANGE_SECTOR);
      long sectors = Integer.toUnsignedLong(range.get(ValueLayout.JAVA_INT, RANGE_SECTORS));
      if ((range.get(ValueLayout.JAVA_INT, RANGE_FLAGS) & ~allowed) != 0) {
        return BlockRequest.UNSUPPORTED;
      }
      if (!isSector(sector)
          || sectors > QueueLimits.MOST_RANGE_SECTORS
          || device.geometry().check(sector * Geometry.SECTOR, sectors * Geometry.SECTOR)
              != Status.OK) {
        return BlockRequest.IO_ERROR;
      }
    }
    return BlockRequest.OK;
  }

  private boolean readRange(BlockRequest request, int index) {
    return request.out.copyTo((long) index * RANGE_SIZE, range, 0, RANGE_SIZE);
  }

  private boolean issueRange(BlockRequest request) {
    long offset = range.get(ValueLayout.JAVA_LONG, RANGE_SECTOR) * Geometry.SECTOR;
    long length =
        Integer.toUnsignedLong(range.get(ValueLayout.JAVA_INT, RANGE_SECTORS)) * Geometry.SECTOR;
    if (request.type == BlockRequest.TYPE_DISCARD) {
      return channel.discard(offset, length, request.slot);
    }
    boolean unmap = (range.get(ValueLayout.JAVA_INT, RANGE_FLAGS) & RANGE_UNMAP) != 0;
    int flags = (unmap ? 0 : IoFlags.NO_UNMAP) | (writeThrough && canForce ? IoFlags.FUA : 0);
    return channel.writeZeroes(offset, length, flags, request.slot);
  }

  private boolean mustFlushAfter(BlockRequest request) {
    return writeThrough
        && !canForce
        && (request.type == BlockRequest.TYPE_OUT
            || request.type == BlockRequest.TYPE_WRITE_ZEROES);
  }

  private static Outcome issued(BlockRequest request, boolean accepted) {
    if (!accepted) {
      return Outcome.FULL;
    }
    request.issued = 1;
    request.unfinished = 1;
    return Outcome.STARTED;
  }

  private static Outcome finished(BlockRequest request, byte result) {
    request.result = result;
    return Outcome.FINISHED;
  }
}
