package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A virtio-blk request on its way: one object for each slot of a queue, used again and again. */
final class BlockRequest {

  // virtio 1.2, section 5.2.6
  static final int TYPE_IN = 0;
  static final int TYPE_OUT = 1;
  static final int TYPE_FLUSH = 4;
  static final int TYPE_GET_ID = 8;
  static final int TYPE_DISCARD = 11;
  static final int TYPE_WRITE_ZEROES = 13;

  static final byte OK = 0;
  static final byte IO_ERROR = 1;
  static final byte UNSUPPORTED = 2;

  static final int HEADER_SIZE = 16;

  private static final int USUAL_PIECES = 256;

  final int slot;

  /** Index of the chain's first descriptor. */
  int head;

  /** The memory that the chain lies in. */
  @Nullable MemoryLease lease;

  int type;
  long sector;

  /** What the driver gives, behind the header. */
  ScatterList out = new ScatterList();

  /** What the driver wants filled, before the status byte. */
  ScatterList in = new ScatterList();

  /** Whether something about the chain is wrong. */
  boolean malformed;

  private MemorySegment statusMemory = MemorySegment.NULL;
  private long statusOffset;
  private boolean hasStatus;

  /** Parts of a request with several ranges: how many, how many issued, how many unfinished. */
  int parts;

  int issued;
  int unfinished;

  /** Outcome of the request, or of its parts so far. */
  byte result;

  /** Whether the data was written and only has to be made durable. */
  boolean flushing;

  BlockRequest(int slot) {
    this.slot = slot;
  }

  void begin(int newHead) {
    head = newHead;
    type = -1;
    malformed = false;
    hasStatus = false;
    parts = 1;
    issued = 0;
    unfinished = 0;
    result = OK;
    flushing = false;
    // A guest that sends monstrous chains must not make every slot keep room for them.
    out = emptied(out);
    in = emptied(in);
  }

  private static ScatterList emptied(ScatterList list) {
    if (list.count() > USUAL_PIECES) {
      return new ScatterList();
    }
    list.clear();
    return list;
  }

  void statusAt(MemorySegment memory, long offset) {
    statusMemory = memory;
    statusOffset = offset;
    hasStatus = true;
  }

  boolean hasStatus() {
    return hasStatus;
  }

  void writeStatus(byte status) {
    statusMemory.set(ValueLayout.JAVA_BYTE, statusOffset, status);
  }
}
