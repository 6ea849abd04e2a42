package io.ubiblk.crypto;

import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;

/**
 * A request of an {@link XtsChannel} on its way: one object for each slot, used again and again.
 * Writes and write-zeroes go in pieces, one after the other.
 */
final class XtsRequest {

  final int slot;

  /** What goes to the device below. */
  final ScatterList piece = new ScatterList(1);

  /** Where reading the request's memory stands. */
  final ScatterCursor source = new ScatterCursor();

  /** Where writing the request's memory stands. */
  final ScatterCursor target = new ScatterCursor();

  Operation operation = Operation.READ;
  long tag;
  long offset;
  long length;
  int flags;

  /** Bytes that are finished. */
  long done;

  /** Bytes of the piece that is under way, 0 if there is none. */
  int pieceBytes;

  /** The memory of the piece that is under way. */
  int run;

  /** Whether pieces remain behind the one that is under way. */
  boolean unfinished;

  XtsRequest(int slot) {
    this.slot = slot;
  }

  void begin(Operation newOperation, long newOffset, long newLength, long newTag) {
    operation = newOperation;
    offset = newOffset;
    length = newLength;
    tag = newTag;
    flags = 0;
    done = 0;
    pieceBytes = 0;
    unfinished = false;
  }

  /** Where the next piece begins on the device. */
  long at() {
    return offset + done;
  }

  /** How long the next piece is; it ends at a multiple of the limit where another one follows. */
  int nextPiece(int limit) {
    long left = length - done;
    return (int) (left <= limit ? left : limit - at() % limit);
  }

  /** Whether the request is a change that is encrypted here. */
  boolean isEncrypted() {
    return operation == Operation.WRITE || operation == Operation.WRITE_ZEROES;
  }
}
