package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
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

  /** Most pieces of a slice that is kept for the next request; a slot has sixteen slices. */
  private static final int USUAL_SLICE_PIECES = 16;

  /** Most calls of the channel at once for one read or write. */
  private static final int BATCH = 16;

  final int slot;

  /** Index of the chain's first descriptor. */
  int head;

  /** The memory that the chain lies in, while the request is in flight. */
  @Nullable MemoryLease lease;

  int type;
  long sector;

  /** What the driver gives, behind the header. */
  ScatterList out = new ScatterList();

  /** What the driver wants filled, before the status byte. */
  ScatterList in = new ScatterList();

  /** How many pieces of memory the request has been counted as. */
  int counted;

  /** Whether something about the chain is wrong. */
  boolean malformed;

  /** Whether memory of the chain is not there any more. */
  boolean vanished;

  private MemorySegment statusMemory = MemorySegment.NULL;
  private long statusOffset;
  private boolean hasStatus;

  /**
   * Calls of the channel that the request takes: how many, how many issued, how many unfinished.
   */
  long parts;

  long issued;
  int unfinished;

  /** Whether the channel was full when a call was to be issued. */
  boolean waiting;

  /** Outcome of the request, or of its parts so far. */
  byte result;

  /** Whether the data was written and only has to be made durable. */
  boolean flushing;

  // For reads and writes that are larger than the device takes: the calls that are issued together.
  private ScatterList @Nullable [] slices;
  private long batch;

  BlockRequest(int slot) {
    this.slot = slot;
  }

  void begin(int newHead, MemoryLease newLease) {
    head = newHead;
    lease = newLease;
    type = -1;
    counted = 0;
    malformed = false;
    vanished = false;
    hasStatus = false;
    parts = 1;
    issued = 0;
    unfinished = 0;
    waiting = false;
    batch = 0;
    result = OK;
    flushing = false;
  }

  /** Forgets the chain. A guest that sends monstrous ones must not make every slot keep room. */
  void clear() {
    lease = null;
    out = emptied(out, USUAL_PIECES);
    in = emptied(in, USUAL_PIECES);
    if (slices != null && issued > 0) {
      for (int i = 0; i < slices.length; i++) {
        slices[i] = emptied(slices[i], USUAL_SLICE_PIECES);
      }
    }
  }

  private static ScatterList emptied(ScatterList list, int usualPieces) {
    if (list.count() > usualPieces) {
      return new ScatterList();
    }
    list.clear();
    return list;
  }

  /** {@return the number of pieces of memory that the request consists of} */
  int pieces() {
    return out.count() + in.count();
  }

  /** Begins a batch of calls, unless calls of the one before are unfinished. */
  void beginBatch() {
    if (unfinished == 0) {
      batch = issued;
    }
  }

  boolean batchHasRoom() {
    return issued - batch < BATCH;
  }

  /** The part of the data that is to be issued next, all parts but the last being of one size. */
  ScatterList nextSlice(ScatterList data, int size) {
    ScatterList[] all = slices;
    if (all == null) {
      all = new ScatterList[BATCH];
      Arrays.setAll(all, i -> new ScatterList());
      slices = all;
    }
    // Which call of a batch is over cannot be told, so a list is used again in the next batch only.
    ScatterList slice = all[(int) (issued - batch)];
    slice.clear();
    slice.addRange(data, issued * size, Math.min(size, data.byteSize() - issued * size));
    return slice;
  }

  void statusAt(MemorySegment memory, long offset) {
    statusMemory = memory;
    statusOffset = offset;
    hasStatus = true;
  }

  boolean hasStatus() {
    return hasStatus;
  }

  void writeStatus() {
    if (hasStatus) {
      statusMemory.set(ValueLayout.JAVA_BYTE, statusOffset, result);
    }
  }
}
