package io.ubiblk.core.file;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.OpenFile;

/**
 * Discards and write-zeroes: the file system or the device does the work where it can. Where it
 * cannot, a discard has no effect and zeros are written.
 */
final class Zeroing {

  private final RawFileChannel channel;
  private final Transfer transfer;
  private final IoPort port;
  private final int granularity;
  private final boolean writesThrough;

  Zeroing(
      RawFileChannel channel,
      Transfer transfer,
      IoPort port,
      int granularity,
      boolean writesThrough) {
    this.channel = channel;
    this.transfer = transfer;
    this.port = port;
    this.granularity = granularity;
    this.writesThrough = writesThrough;
  }

  void begin(FileRequest request) {
    boolean aligned = ((request.offset | request.length) & (granularity - 1)) == 0;
    if (request.operation == Operation.WRITE_ZEROES && !aligned) {
      writeZeros(request);
      return;
    }
    long from = (request.offset + granularity - 1) & -granularity;
    long to = request.end() & -granularity;
    if (from >= to) {
      channel.finishLater(request, Status.OK);
    } else {
      port.allocate(request.slot, request.file, mode(request), from, to - from);
    }
  }

  void completed(FileRequest request, int result) {
    if (request.writesZeros) {
      transfer.completed(request, result);
    } else if (!request.syncing && mustBeDurable(request)) {
      request.syncing = true;
      port.sync(request.slot, request.file);
    } else {
      channel.finish(request, Status.OK);
    }
  }

  /** The file system or device cannot do it. */
  void refused(FileRequest request) {
    if (request.operation == Operation.DISCARD) {
      channel.finish(request, Status.OK);
    } else {
      writeZeros(request);
    }
  }

  private void writeZeros(FileRequest request) {
    request.writesZeros = true;
    request.plain = channel.alignment().fitsRange(request.offset, request.length);
    transfer.advance(request);
  }

  private boolean mustBeDurable(FileRequest request) {
    return writesThrough || (request.flags & IoFlags.FUA) != 0;
  }

  private static int mode(FileRequest request) {
    return (request.flags & IoFlags.NO_UNMAP) != 0 ? OpenFile.ZERO_RANGE : OpenFile.PUNCH_HOLE;
  }
}
