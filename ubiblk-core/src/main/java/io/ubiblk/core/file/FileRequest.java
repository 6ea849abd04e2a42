package io.ubiblk.core.file;

import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.linux.OpenFile;
import org.jspecify.annotations.Nullable;

/**
 * A request of a {@link RawFileChannel} on its way: one object for each slot, used again and again.
 */
final class FileRequest {

  private static final ScatterList NO_DATA = new ScatterList();

  final RawFileChannel channel;
  final int slot;

  Operation operation = Operation.READ;
  long tag;
  long offset;
  long length;
  int flags;
  ScatterList data = NO_DATA;

  /** Bytes that are finished. */
  long done;

  /** The file to go to: cached, or around the cache. */
  OpenFile file;

  /** Whether memory and range suit the file, so that no buffer is needed. */
  boolean plain;

  /** Whether an allocate was refused, so that zeros are written. */
  boolean writesZeros;

  /** Whether all that is left is to make the change durable. */
  boolean syncing;

  /** The buffer that stands between memory and file, if one is needed now. */
  @Nullable BounceBuffer bounce;

  /** The aligned range of the file that the buffer holds. */
  long bounceFrom;

  long bounceTo;

  /** Whether the buffer is being filled with what surrounds the data to be written. */
  boolean readsSurroundings;

  int retries;

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
    done = 0;
    plain = true;
    writesZeros = false;
    syncing = false;
    retries = 0;
  }

  long end() {
    return offset + length;
  }

  /** Where the transfer stands in the file. */
  long at() {
    return offset + done;
  }
}
