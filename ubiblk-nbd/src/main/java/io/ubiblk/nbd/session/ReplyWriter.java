package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.nbd.protocol.WireError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes replies: headers into memory of the slots, data by naming the memory of the request.
 *
 * <p>Zeros of 4 KiB and more are not sent where the client knows chunks. The room that they take in
 * the request's memory is then used for the headers of the chunks that follow.
 */
final class ReplyWriter {

  private static final int ERROR_HEADER = 6;
  private static final int OFFSET_BYTES = 8;
  private static final int HOLE_BYTES = 12;

  /** Most chunks of zeros in a reply, so that a client cannot be made to handle thousands. */
  private static final int MOST_HOLES = 64;

  private final ReplyStyle style;
  private final MemorySegment heads;
  private final ByteBuffer headsView;

  // Where the next header goes.
  private MemorySegment room;
  private ByteBuffer roomView;
  private int roomAt;

  ReplyWriter(ReplyStyle style, int slots, Arena arena) {
    this.style = style;
    this.heads = arena.allocate((long) slots * Request.HEAD_BYTES, 64);
    this.headsView = heads.asByteBuffer();
    this.room = heads;
    this.roomView = headsView;
  }

  /** Adds the reply to what is to be sent. */
  void append(Request request, ScatterList out) {
    if (style == ReplyStyle.SIMPLE) {
      appendSimple(request, out);
    } else if (request.error != 0) {
      appendError(request, out);
    } else if (request.isRead() && request.length > 0) {
      appendData(request, out);
    } else if (request.command == Command.BLOCK_STATUS) {
      appendStatus(request, out);
    } else if (style == ReplyStyle.STRUCTURED && !request.isRead()) {
      appendSimple(request, out);
    } else {
      out.add(heads, request.head, chunk(request, ReplyStyle.NONE, true, 0));
    }
  }

  private void appendSimple(Request request, ScatterList out) {
    int bytes = ReplyStyle.simple(headsView, request.head, request.error, request.cookie);
    out.add(heads, request.head, bytes);
    if (request.isRead() && request.error == 0 && request.length > 0) {
      out.add(request.memory().memory, request.offset - request.start, request.length);
    }
  }

  private void appendError(Request request, ScatterList out) {
    Refusal reason = request.refusal;
    if (reason == null && request.error == WireError.EIO) {
      reason = Refusal.FAILED;
    }
    int bytes = reason == null ? 0 : reason.text().length();
    int at = request.head;
    int header = chunk(request, ReplyStyle.ERROR, true, ERROR_HEADER + bytes);
    headsView.putInt(at + header, request.error);
    headsView.putShort(at + header + 4, (short) bytes);
    if (reason != null) {
      heads.setString(at + header + ERROR_HEADER, reason.text(), StandardCharsets.US_ASCII);
    }
    out.add(heads, at, header + ERROR_HEADER + bytes);
  }

  private void appendStatus(Request request, ScatterList out) {
    int type = style == ReplyStyle.EXTENDED ? ReplyStyle.BLOCK_STATUS_EXT : ReplyStyle.BLOCK_STATUS;
    out.add(heads, request.head, chunk(request, type, true, request.statusBytes));
    out.add(request.memory().memory, 0, request.statusBytes);
  }

  private void appendData(Request request, ScatterList out) {
    MemorySegment memory = request.memory().memory;
    long end = request.offset + request.length;
    boolean whole = request.has(Command.FLAG_DF);
    room = heads;
    roomView = headsView;
    roomAt = request.head;
    int holes = 0;
    for (long at = request.offset; at < end; ) {
      boolean looks = !whole && holes < MOST_HOLES;
      long hole = looks ? ZeroBlocks.next(memory, request.start, at, end) : end;
      long next = hole < end ? ZeroBlocks.end(memory, request.start, hole, end) : end;
      if (hole > at) {
        appendContent(request, out, at, hole, end);
      }
      if (next > hole) {
        if (hole > request.offset) {
          room = memory;
          roomView = request.memory().view;
          roomAt = (int) (hole - request.start);
        }
        appendHole(request, out, hole, next, end);
        holes++;
      }
      at = next;
    }
  }

  private void appendContent(Request request, ScatterList out, long from, long to, long end) {
    int at = roomAt;
    int header =
        style.chunk(
            roomView,
            at,
            ReplyStyle.OFFSET_DATA,
            to == end,
            request.cookie,
            request.offset,
            to - from + OFFSET_BYTES);
    roomView.putLong(at + header, from);
    out.add(room, at, header + OFFSET_BYTES);
    roomAt += header + OFFSET_BYTES;
    out.add(request.memory().memory, from - request.start, to - from);
  }

  private void appendHole(Request request, ScatterList out, long from, long to, long end) {
    int at = roomAt;
    int header =
        style.chunk(
            roomView,
            at,
            ReplyStyle.OFFSET_HOLE,
            to == end,
            request.cookie,
            request.offset,
            HOLE_BYTES);
    roomView.putLong(at + header, from);
    roomView.putInt(at + header + OFFSET_BYTES, (int) (to - from));
    out.add(room, at, header + HOLE_BYTES);
    roomAt += header + HOLE_BYTES;
  }

  private int chunk(Request request, int type, boolean last, long length) {
    return style.chunk(headsView, request.head, type, last, request.cookie, request.offset, length);
  }
}
