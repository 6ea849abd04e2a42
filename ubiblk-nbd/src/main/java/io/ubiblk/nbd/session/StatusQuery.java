package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Asks a device for its extents and writes them into the memory of a request. Runs on a thread that
 * may block.
 */
final class StatusQuery implements ExtentVisitor {

  /** The number by which {@code base:allocation} goes on every connection. */
  static final int CONTEXT = 1;

  private final ByteBuffer out;
  private final boolean wide;
  private final long begin;
  private final long end;
  private final boolean onlyOne;
  private long reached;
  private long pendingLength;
  private int pendingFlags;
  private int count;
  private int position;

  private StatusQuery(Request request, ReplyStyle style) {
    this.out = request.memory().view;
    this.wide = style == ReplyStyle.EXTENDED;
    this.begin = request.offset;
    this.end = request.offset + request.length;
    this.onlyOne = request.has(Command.FLAG_REQ_ONE);
    this.reached = begin;
    this.position = wide ? 8 : 4;
  }

  /**
   * Runs a query.
   *
   * @return number of bytes that were written
   * @throws IOException if the device cannot tell
   */
  static int run(BlockDevice device, Request request, ReplyStyle style) throws IOException {
    StatusQuery query = new StatusQuery(request, style);
    device.extents(request.offset, request.length, query);
    return query.finish();
  }

  @Override
  public boolean extent(long offset, long length, int flags) {
    // What a device leaves out is data, as is what it does not know.
    if (offset > reached && !add(offset - reached, 0)) {
      return false;
    }
    return add(Math.min(offset + length, end) - reached, flags & (HOLE | ZERO));
  }

  /** Adds an extent, merged with the one before where they are equal; returns whether to go on. */
  private boolean add(long length, int flags) {
    if (length <= 0) {
      return reached < end;
    }
    if (pendingLength > 0 && pendingFlags != flags) {
      write();
      if (isFull()) {
        return false;
      }
    }
    pendingFlags = flags;
    pendingLength += length;
    reached += length;
    return reached < end;
  }

  private int finish() {
    if (reached == begin) {
      add(end - begin, 0);
    }
    if (!isFull()) {
      write();
    }
    out.putInt(0, CONTEXT);
    if (wide) {
      out.putInt(4, count);
    }
    return position;
  }

  private boolean isFull() {
    return count > 0 && (onlyOne || position + (wide ? 16 : 8) > out.capacity());
  }

  private void write() {
    if (wide) {
      out.putLong(position, pendingLength).putLong(position + 8, pendingFlags);
      position += 16;
    } else {
      out.putInt(position, (int) pendingLength).putInt(position + 4, pendingFlags);
      position += 8;
    }
    count++;
    pendingLength = 0;
  }
}
