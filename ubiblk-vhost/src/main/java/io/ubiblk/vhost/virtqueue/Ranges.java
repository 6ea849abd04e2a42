package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads the ranges of discard and write-zeroes requests, one at a time.
 *
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-2850006">virtio
 *     1.2, section 5.2.6</a>
 */
final class Ranges {

  // struct virtio_blk_discard_write_zeroes
  static final int SIZE = 16;
  private static final int SECTOR = 0;
  private static final int SECTORS = 8;
  private static final int FLAGS = 12;
  private static final int UNMAP = 1;

  private final BlockDevice device;
  private final MemorySegment range;

  Ranges(BlockDevice device, Arena arena) {
    this.device = device;
    this.range = arena.allocate(SIZE, 8);
  }

  /** Checks all ranges of a request; returns {@link BlockRequest#OK} or the result to give back. */
  byte check(BlockRequest request) {
    long bytes = request.out.byteSize();
    if (bytes == 0
        || bytes % SIZE != 0
        || bytes / SIZE > QueueLimits.MOST_RANGES
        || request.in.byteSize() > 0) {
      return BlockRequest.IO_ERROR;
    }
    int allowed = request.type == BlockRequest.TYPE_WRITE_ZEROES ? UNMAP : 0;
    for (int i = 0; i < bytes / SIZE; i++) {
      if (!read(request.out, i)) {
        request.vanished = true;
        return BlockRequest.IO_ERROR;
      }
      if ((flags() & ~allowed) != 0) {
        return BlockRequest.UNSUPPORTED;
      }
      if (!isInside()) {
        return BlockRequest.IO_ERROR;
      }
    }
    return BlockRequest.OK;
  }

  /** Reads a range anew: the driver may have changed it. Returns whether it is still one. */
  boolean next(BlockRequest request) {
    return read(request.out, (int) request.issued) && isInside();
  }

  long offset() {
    return sector() * Geometry.SECTOR;
  }

  long length() {
    return sectors() * Geometry.SECTOR;
  }

  boolean unmap() {
    return (flags() & UNMAP) != 0;
  }

  private boolean read(ScatterList list, int index) {
    return list.copyTo((long) index * SIZE, range, 0, SIZE);
  }

  private boolean isInside() {
    long sector = sector();
    return sector >= 0
        && sector <= Long.MAX_VALUE / Geometry.SECTOR
        && sectors() <= QueueLimits.MOST_RANGE_SECTORS
        && device.geometry().check(offset(), length()) == Status.OK;
  }

  private long sector() {
    return range.get(ValueLayout.JAVA_LONG, SECTOR);
  }

  private long sectors() {
    return Integer.toUnsignedLong(range.get(ValueLayout.JAVA_INT, SECTORS));
  }

  private int flags() {
    return range.get(ValueLayout.JAVA_INT, FLAGS);
  }
}
