package io.ubiblk.ublk.queue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

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
  private final BlockChannel channel;
  private final @Nullable KernelPages pages;
  private final @Nullable FixedBufferChannel fixed;
  private final ScatterList[] data;
  private final int[] lengths;
  private final boolean[] serving;

  /** Whether the request is made without copying. */
  private final boolean[] direct;

  private int inFlight;

  Requests(
      IoDescriptors descriptors,
      MemorySegment buffers,
      QueueSetup setup,
      BlockChannel channel,
      @Nullable KernelPages pages) {
    int depth = setup.depth();
    this.descriptors = descriptors;
    this.buffers = buffers;
    this.stride = setup.largestTransfer();
    this.channel = channel;
    this.pages = pages;
    this.fixed = pages == null || pages.buffer(0) < 0 ? null : FixedBufferChannel.of(channel);
    this.direct = new boolean[depth];
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
  int start(int tag) {
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
    int refusal = issue(operation, tag, sector * Geometry.SECTOR, sectors * Geometry.SECTOR);
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

  /**
   * Takes what a request ended with; returns what is committed for it, or {@link #STARTED} if it
   * has to be made in another way, and has been begun again.
   */
  int finish(int tag, int status) {
    boolean reads = descriptors.operation(tag) == IoDescriptors.READ;
    if (status == Status.OK) {
      int failure = reads && !direct[tag] ? give(tag) : 0;
      return failure == 0 ? lengths[tag] : failure;
    }
    if (direct[tag] && isAboutMemory(status)) {
      direct[tag] = false;
      long offset = descriptors.startSector(tag) * Geometry.SECTOR;
      return reads ? read(tag, offset, lengths[tag]) : write(tag, offset, lengths[tag]);
    }
    return -status;
  }

  /** Whether a request may have failed because the kernel's memory lies as the file cannot use. */
  private static boolean isAboutMemory(int status) {
    return status == Status.EINVAL || status == Status.EFAULT || status == Status.EOPNOTSUPP;
  }

  private int issue(int operation, int tag, long offset, long length) {
    lengths[tag] = 0;
    direct[tag] = false;
    boolean accepted;
    switch (operation) {
      case IoDescriptors.READ -> {
        lengths[tag] = (int) length;
        return readFixed(tag, offset, length) ? STARTED : read(tag, offset, length);
      }
      case IoDescriptors.WRITE -> {
        lengths[tag] = (int) length;
        return writeFixed(tag, offset, length) ? STARTED : write(tag, offset, length);
      }
      case IoDescriptors.FLUSH -> accepted = channel.flush(tag);
      case IoDescriptors.DISCARD -> accepted = channel.discard(offset, length, tag);
      case IoDescriptors.WRITE_ZEROES ->
          accepted = channel.writeZeroes(offset, length, forced(tag) | kept(tag), tag);
      default -> {
        return -Status.EOPNOTSUPP;
      }
    }
    return outcome(accepted);
  }

  /** The channel is as deep as the queue: it takes no more only because it has been closed. */
  private static int outcome(boolean accepted) {
    return accepted ? STARTED : -Status.ECANCELED;
  }

  private boolean readFixed(int tag, long offset, long length) {
    direct[tag] =
        fixed != null
            && pages != null
            && isRegistered(tag)
            && fixed.readFixed(offset, pages.buffer(tag), length, tag);
    return direct[tag];
  }

  private boolean writeFixed(int tag, long offset, long length) {
    direct[tag] =
        fixed != null
            && pages != null
            && isRegistered(tag)
            && fixed.writeFixed(offset, pages.buffer(tag), length, forced(tag), tag);
    return direct[tag];
  }

  private boolean isRegistered(int tag) {
    return (descriptors.flags(tag) & IoDescriptors.FLAG_NO_BUFFER) == 0;
  }

  private int read(int tag, long offset, long length) {
    return outcome(channel.read(offset, data(tag, length), tag));
  }

  private int write(int tag, long offset, long length) {
    int failure = pages == null ? 0 : pages.take(tag, buffers, (long) tag * stride, length);
    return failure != 0
        ? failure
        : outcome(channel.write(offset, data(tag, length), forced(tag), tag));
  }

  private int give(int tag) {
    return pages == null ? 0 : pages.give(tag, buffers, (long) tag * stride, lengths[tag]);
  }

  private ScatterList data(int tag, long length) {
    ScatterList list = data[tag];
    list.clear();
    list.add(buffers, (long) tag * stride, length);
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
