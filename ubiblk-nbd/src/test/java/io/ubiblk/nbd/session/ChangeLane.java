package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.nbd.protocol.RequestHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The changes of a connection that is not there, in blocks of {@value #BLOCK} bytes. */
final class ChangeLane {

  static final int BLOCK = 512;
  static final int SLOTS = 16;

  final Changes changes;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final RequestSlots slots = new RequestSlots(SLOTS);

  ChangeLane(ChangeOrder order) {
    ReactorTask retry = () -> scheduled.set(true);
    changes = new Changes(order, SLOTS, BLOCK, retry);
  }

  /** Makes a write, which is not admitted yet. */
  Request write(long offset, int length) {
    return change(Command.WRITE, offset, length);
  }

  /** Makes a request, which is not admitted yet. */
  Request change(int command, long offset, int length) {
    Request request = slots.take();
    if (request == null) {
      throw new IllegalStateException("more than " + SLOTS + " requests");
    }
    ByteBuffer bytes = ByteBuffer.allocate(ReplyStyle.SIMPLE.requestSize());
    bytes.putInt(ReplyStyle.SIMPLE.requestMagic()).putShort((short) 0);
    bytes.putShort((short) command).putLong(0).putLong(offset).putInt(length);
    RequestHeader header = new RequestHeader();
    header.read(ReplyStyle.SIMPLE, bytes, 0);
    request.begin(header);
    if (((offset | length) & (BLOCK - 1)) != 0) {
      request.makePartial(BLOCK - 1);
    }
    return request;
  }

  boolean isFull() {
    return slots.inUse() == SLOTS;
  }

  /** What was let in since the last call, if the lane was told so. */
  List<Request> letIn() {
    List<Request> in = new ArrayList<>();
    if (scheduled.getAndSet(false)) {
      for (Request r = changes.next(); r != null; r = changes.next()) {
        in.add(r);
      }
    }
    return in;
  }

  void finish(Request request) {
    changes.leave(request);
    slots.give(request);
  }
}
