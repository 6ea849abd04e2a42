package io.ubiblk.core.file;

import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.linux.OpenFile;
import org.jspecify.annotations.Nullable;

/**
 * A request of a {@link RawFileChannel} on its way: one object for each slot, used again and again.
 */
final class FileRequest {

  static final ScatterList NO_DATA = new ScatterList();

  /** How often in a row an operation may end without any progress before it counts as failed. */
  private static final int MOST_RETRIES = 10_000;

  final RawFileChannel channel;
  final int slot;

  Operation operation = Operation.READ;
  long tag;
  long offset;
  long length;
  int flags;
  ScatterList data = NO_DATA;

  /** Number of the fixed buffer that takes the place of the data; -1 if there is none. */
  int buffer = -1;

  /** Bytes that are finished. */
  long done;

  final OpenFile file;

  /** Flag of a write that leaves nothing in the page cache; 0 for any other. */
  int dropBehind;

  /** Whether memory and range suit the file, so that no buffer is needed. */
  boolean plain;

  /** Whether an allocate was refused, so that zeros are written. */
  boolean writesZeros;

  /** Whether all that is left is to make the change durable. */
  boolean syncing;

  /** The buffer that stands between memory and file, if one is needed now. */
  @Nullable BounceBuffer bounce;

  /** The aligned range of the file that the buffer stands for. */
  long bounceFrom;

  long bounceTo;

  /** Bytes of that range that have been read or written: up to where the kernel cut it short. */
  long bounceDone;

  /** Whether the buffer is being filled with what surrounds the data to be written. */
  boolean readsSurroundings;

  /** The next one of the flushes that share an outcome. */
  @Nullable FileRequest nextFlush;

  private int retries;

  /** Whether the gate has not let the request through yet, as far as the channel knows. */
  boolean waitsAtGate;

  /** Whether the gate has let the request pass without keeping it. */
  boolean passed;

  // State in the gate, guarded by it.
  boolean admitted;
  boolean exclusive;
  @Nullable FileRequest next;
  @Nullable FileRequest previous;

  FileRequest(RawFileChannel channel, int slot, OpenFile file) {
    this.channel = channel;
    this.slot = slot;
    this.file = file;
  }

  void begin(Operation newOperation, long newOffset, long newLength, int newFlags, long newTag) {
    operation = newOperation;
    offset = newOffset;
    length = newLength;
    flags = newFlags;
    tag = newTag;
    data = NO_DATA;
    buffer = -1;
    done = 0;
    plain = true;
    writesZeros = false;
    syncing = false;
    dropBehind = 0;
    retries = 0;
  }

  long end() {
    return offset + length;
  }

  /** Notes that something has to be tried again; false if that has been in vain too often. */
  boolean mayRetry() {
    return retries++ < MOST_RETRIES;
  }

  /** Notes that something has been achieved. */
  void progressed() {
    retries = 0;
  }

  /** Where the transfer stands in the file. */
  long at() {
    return offset + done;
  }
}
