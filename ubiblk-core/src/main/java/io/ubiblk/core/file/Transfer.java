package io.ubiblk.core.file;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Moves the data of reads and writes: straight between memory and file where the file's alignment
 * allows it, through a buffer otherwise. A transfer that the kernel cuts short is continued.
 */
final class Transfer {

  private static final int ZERO_BYTES = 64 * 1024;
  private static final int ZERO_PIECES = 16;
  private static final ScatterList ZEROS = zeros();

  private final RawFileChannel channel;
  private final IoPort port;
  private final FileAlignment alignment;
  private final boolean writesThrough;

  Transfer(RawFileChannel channel, IoPort port, FileAlignment alignment, boolean writesThrough) {
    this.channel = channel;
    this.port = port;
    this.alignment = alignment;
    this.writesThrough = writesThrough;
  }

  /** Issues what is left of a transfer, or as much of it as can be issued at once. */
  void advance(FileRequest request) {
    if (request.plain) {
      transfer(request);
    } else {
      advanceThroughBuffer(request);
    }
  }

  /** Issues again what the kernel did not take for now. */
  void retry(FileRequest request) {
    BounceBuffer buffer = request.bounce;
    if (buffer != null) {
      moveBuffer(request, buffer);
    } else {
      advance(request);
    }
  }

  /** Takes the result of what was issued. */
  void completed(FileRequest request, int result) {
    BounceBuffer buffer = request.bounce;
    if (result == 0) {
      // Nothing is left of the file: somebody has shortened it.
      channel.finish(request, Status.EIO);
    } else if (buffer != null) {
      completedThroughBuffer(request, buffer, result);
    } else {
      // What the kernel cut short may end within a block, and is resumed at the block's beginning.
      long reached = request.done + result;
      boolean over = reached >= request.length;
      progress(request, over ? reached : alignment.down(reached));
    }
  }

  private void progress(FileRequest request, long done) {
    if (done > request.done) {
      request.done = done;
      request.progressed();
    } else if (!request.mayRetry()) {
      channel.finish(request, Status.EIO);
      return;
    }
    if (request.done >= request.length) {
      channel.finish(request, Status.OK);
    } else {
      advance(request);
    }
  }

  private void advanceThroughBuffer(FileRequest request) {
    BounceBuffer buffer = request.bounce;
    if (buffer == null) {
      buffer = channel.takeBounce(request);
      if (buffer == null) {
        return;
      }
      request.bounce = buffer;
    }
    request.bounceFrom = alignment.down(request.at());
    request.bounceTo =
        Math.min(alignment.up(request.end()), request.bounceFrom + BounceBuffer.SIZE);
    request.bounceDone = 0;
    boolean whole = request.at() == request.bounceFrom && request.bounceTo <= request.end();
    request.readsSurroundings = request.operation != Operation.READ && !whole;
    if (request.operation == Operation.READ || request.readsSurroundings) {
      moveBuffer(request, buffer);
    } else {
      fillAndWrite(request, buffer);
    }
  }

  /** Moves what has not been moved yet between buffer and file. */
  private void moveBuffer(FileRequest request, BounceBuffer buffer) {
    long done = alignment.down(request.bounceDone);
    long from = request.bounceFrom + done;
    long length = request.bounceTo - from;
    if (request.operation == Operation.READ || request.readsSurroundings) {
      port.read(request.slot, request.file, from, buffer.list(), done, length);
    } else {
      int flags = writeFlags(request);
      port.write(request.slot, request.file, from, buffer.list(), done, length, flags);
    }
  }

  private void completedThroughBuffer(FileRequest request, BounceBuffer buffer, int result) {
    long reached = alignment.down(request.bounceDone) + result;
    boolean progressed = reached > request.bounceDone;
    request.bounceDone = Math.max(reached, request.bounceDone);
    if (request.bounceFrom + request.bounceDone < request.bounceTo) {
      // Cut short: the rest of the range follows, into the same buffer.
      if (progressed) {
        request.progressed();
      } else if (!request.mayRetry()) {
        channel.finish(request, Status.EIO);
        return;
      }
      moveBuffer(request, buffer);
    } else if (request.readsSurroundings) {
      request.readsSurroundings = false;
      request.bounceDone = 0;
      fillAndWrite(request, buffer);
    } else {
      finishBuffer(request, buffer);
    }
  }

  private void finishBuffer(FileRequest request, BounceBuffer buffer) {
    long bytes = Math.min(request.bounceTo, request.end()) - request.at();
    long from = request.at() - request.bounceFrom;
    if (request.operation == Operation.READ
        && !request.data.copyFrom(request.done, buffer.memory(), from, bytes)) {
      channel.finish(request, Status.EFAULT);
    } else {
      progress(request, request.done + bytes);
    }
  }

  private void fillAndWrite(FileRequest request, BounceBuffer buffer) {
    long bytes = Math.min(request.bounceTo, request.end()) - request.at();
    long to = request.at() - request.bounceFrom;
    if (list(request).copyTo(position(request), buffer.memory(), to, bytes)) {
      moveBuffer(request, buffer);
    } else {
      channel.finish(request, Status.EFAULT);
    }
  }

  private void transfer(FileRequest request) {
    if (request.buffer >= 0) {
      transferFixed(request);
      return;
    }
    ScatterList list = list(request);
    long position = position(request);
    long length = left(request);
    if (request.operation == Operation.READ) {
      port.read(request.slot, request.file, request.at(), list, position, length);
    } else {
      int flags = writeFlags(request);
      port.write(request.slot, request.file, request.at(), list, position, length, flags);
    }
  }

  private void transferFixed(FileRequest request) {
    long done = request.done;
    long left = request.length - done;
    if (request.operation == Operation.READ) {
      port.readFixed(request.slot, request.file, request.at(), request.buffer, done, left);
    } else {
      int flags = writeFlags(request);
      port.writeFixed(request.slot, request.file, request.at(), request.buffer, done, left, flags);
    }
  }

  private int writeFlags(FileRequest request) {
    boolean durable = writesThrough || (request.flags & IoFlags.FUA) != 0;
    return (durable ? OpenFile.RWF_DSYNC : 0) | request.dropBehind;
  }

  private static ScatterList list(FileRequest request) {
    return request.writesZeros ? ZEROS : request.data;
  }

  private static long position(FileRequest request) {
    return request.writesZeros ? 0 : request.done;
  }

  private static long left(FileRequest request) {
    long left = request.length - request.done;
    return request.writesZeros ? Math.min(left, ZEROS.byteSize()) : left;
  }

  private static ScatterList zeros() {
    MemorySegment memory = Arena.global().allocate(ZERO_BYTES, 4096);
    ScatterList list = new ScatterList(ZERO_PIECES);
    for (int i = 0; i < ZERO_PIECES; i++) {
      list.add(memory, 0, ZERO_BYTES);
    }
    return list;
  }
}
