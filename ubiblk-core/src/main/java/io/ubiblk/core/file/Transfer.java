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
    // What the kernel cut short may end anywhere; what is left then goes through a buffer.
    if (request.plain && alignment.fitsRange(request.at(), 0)) {
      transfer(
          request, request.file, request.at(), list(request), position(request), left(request));
    } else {
      advanceThroughBuffer(request);
    }
  }

  /** Takes the result of what was issued. */
  void completed(FileRequest request, int result) {
    if (request.bounce != null) {
      completedThroughBuffer(request, result);
    } else if (result == 0) {
      channel.finish(request, Status.EIO);
    } else {
      progress(request, result);
    }
  }

  private void progress(FileRequest request, long bytes) {
    request.done += bytes;
    request.retries = 0;
    if (request.done >= request.length) {
      channel.finish(request, Status.OK);
    } else {
      advance(request);
    }
  }

  private void advanceThroughBuffer(FileRequest request) {
    request.plain = false;
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
    boolean whole = request.at() == request.bounceFrom && request.bounceTo <= request.end();
    if (request.operation == Operation.READ || !whole) {
      request.readsSurroundings = request.operation != Operation.READ;
      port.read(
          request.slot,
          request.file,
          request.bounceFrom,
          buffer.list(),
          0,
          request.bounceTo - request.bounceFrom);
    } else {
      writeBuffer(request, buffer);
    }
  }

  private void completedThroughBuffer(FileRequest request, int result) {
    BounceBuffer buffer = request.bounce;
    assert buffer != null;
    long reached = request.bounceFrom + result;
    if (request.readsSurroundings) {
      request.readsSurroundings = false;
      if (reached < request.bounceTo) {
        channel.finish(request, Status.EIO);
      } else {
        writeBuffer(request, buffer);
      }
      return;
    }
    long bytes = Math.min(reached, request.end()) - request.at();
    if (bytes <= 0) {
      System.err.println(
          "DEBUG "
              + request.operation
              + " result "
              + result
              + " at "
              + request.at()
              + " from "
              + request.bounceFrom
              + " to "
              + request.bounceTo);
      channel.finish(request, Status.EIO);
    } else if (request.operation == Operation.READ
        && !request.data.copyFrom(
            request.done, buffer.memory(), request.at() - request.bounceFrom, bytes)) {
      channel.finish(request, Status.EFAULT);
    } else {
      progress(request, bytes);
    }
  }

  private void writeBuffer(FileRequest request, BounceBuffer buffer) {
    long bytes = Math.min(request.bounceTo, request.end()) - request.at();
    long to = request.at() - request.bounceFrom;
    if (!list(request).copyTo(position(request), buffer.memory(), to, bytes)) {
      channel.finish(request, Status.EFAULT);
      return;
    }
    port.write(
        request.slot,
        request.file,
        request.bounceFrom,
        buffer.list(),
        0,
        request.bounceTo - request.bounceFrom,
        writeFlags(request));
  }

  private void transfer(
      FileRequest request, OpenFile file, long at, ScatterList list, long position, long length) {
    if (request.operation == Operation.READ) {
      port.read(request.slot, file, at, list, position, length);
    } else {
      port.write(request.slot, file, at, list, position, length, writeFlags(request));
    }
  }

  private int writeFlags(FileRequest request) {
    return writesThrough || (request.flags & IoFlags.FUA) != 0 ? OpenFile.RWF_DSYNC : 0;
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
