package io.ubiblk.ublk.queue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;

/**
 * The requests of a queue with their buffers: turns what the driver describes into calls of a
 * channel. The tag of a request is the tag of its call.
 */
final class Requests {

  /** The request is with the channel. */
  static final int STARTED = Integer.MIN_VALUE;

  private final IoDescriptors descriptors;
  private final MemorySegment buffers;
  private final int stride;
  private final ScatterList[] data;
  private final int[] lengths;
  private final boolean[] serving;
  private int inFlight;

  Requests(IoDescriptors descriptors, MemorySegment buffers, int depth, int stride) {
    this.descriptors = descriptors;
    this.buffers = buffers;
    this.stride = stride;
    this.data = new ScatterList[depth];
    this.lengths = new int[depth];
    this.serving = new boolean[depth];
    for (int tag = 0; tag < depth; tag++) {
      data[tag] = new ScatterList(1);
    }
  }

  /** Address of a request's buffer. */
  long address(int tag) {
    return buffers.address() + (long) tag * stride;
  }

  int inFlight() {
    return inFlight;
  }

  /** Whether a request is with the channel. */
  boolean isServing(int tag) {
    return serving[tag];
  }

  /** Starts a request; returns {@link #STARTED}, or the negative errno of one that is refused. */
  int start(int tag, BlockChannel channel) {
    int operation = descriptors.operation(tag);
    // A flush has no range: the kernel gives it the sector -1.
    boolean ranged = operation != IoDescriptors.FLUSH;
    long sectors = ranged ? descriptors.sectors(tag) : 0;
    long sector = ranged ? descriptors.startSector(tag) : 0;
    boolean transfers = operation == IoDescriptors.READ || operation == IoDescriptors.WRITE;
    if (sector < 0
        || sector > Long.MAX_VALUE / Geometry.SECTOR
        || (transfers && sectors > stride / Geometry.SECTOR)) {
      return -Status.EINVAL;
    }
    serving[tag] = true;
    inFlight++;
    int refusal =
        issue(operation, tag, sector * Geometry.SECTOR, sectors * Geometry.SECTOR, channel);
    if (refusal != STARTED) {
      end(tag);
    }
    return refusal;
  }

  /** Takes note that a request is over. */
  void end(int tag) {
    serving[tag] = false;
    inFlight--;
  }

  /** What is committed for a request that the channel has completed. */
  int result(int tag, int status) {
    return status == Status.OK ? lengths[tag] : -status;
  }

  private int issue(int operation, int tag, long offset, long length, BlockChannel channel) {
    lengths[tag] = 0;
    boolean accepted;
    switch (operation) {
      case IoDescriptors.READ -> accepted = channel.read(offset, data(tag, length), tag);
      case IoDescriptors.WRITE ->
          accepted = channel.write(offset, data(tag, length), forced(tag), tag);
      case IoDescriptors.FLUSH -> accepted = channel.flush(tag);
      case IoDescriptors.DISCARD -> accepted = channel.discard(offset, length, tag);
      case IoDescriptors.WRITE_ZEROES ->
          accepted = channel.writeZeroes(offset, length, forced(tag) | kept(tag), tag);
      default -> {
        return -Status.EOPNOTSUPP;
      }
    }
    // The channel is as deep as the queue: it takes no more only because it has been closed.
    return accepted ? STARTED : -Status.EIO;
  }

  private ScatterList data(int tag, long length) {
    ScatterList list = data[tag];
    list.clear();
    list.add(buffers, (long) tag * stride, length);
    lengths[tag] = (int) length;
    return list;
  }

  private int forced(int tag) {
    return (descriptors.flags(tag) & IoDescriptors.FLAG_FUA) != 0 ? IoFlags.FUA : IoFlags.NONE;
  }

  private int kept(int tag) {
    return (descriptors.flags(tag) & IoDescriptors.FLAG_NOUNMAP) != 0
        ? IoFlags.NO_UNMAP
        : IoFlags.NONE;
  }
}
