package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.RequestHeader;
import org.jspecify.annotations.Nullable;

/** A request on its way: one object for each slot, used again and again. */
final class Request {

  /** Room for the headers of a reply, in bytes. */
  static final int HEAD_BYTES = 192;

  /** The tag of the request's calls of the channel. */
  final int slot;

  /** Where the headers of the reply are, in the slots' memory. */
  final int head;

  /** Memory of the call that is with the channel. */
  final ScatterList data = new ScatterList(16);

  /** What it needs if it is a change. */
  final Claim claim = new Claim(this);

  private boolean partial;

  int command;
  int flags;
  long cookie;
  long offset;
  long length;

  /** The range that the device is asked for: rounded to its blocks. */
  long start;

  long end;

  /** How far a change of a part of a block has come. */
  int step;

  /** Whether it is a change that has been let in. */
  boolean inside;

  /** What the device has done of it, in bytes. */
  long done;

  /** Whether all that is left is to make the change durable. */
  boolean flushing;

  boolean flushed;

  /** The error of the reply, or 0. */
  int error;

  /** Why the request was refused, if it was. */
  @Nullable Refusal refusal;

  /** Holds what is read or written, or the extents. */
  @Nullable PooledBuffer buffer;

  /** Bytes of the buffer that are extents. */
  int statusBytes;

  Request(int slot) {
    this.slot = slot;
    this.head = slot * HEAD_BYTES;
  }

  void begin(RequestHeader header) {
    command = header.command();
    flags = header.flags();
    cookie = header.cookie();
    offset = header.offset();
    length = header.length();
    start = offset;
    end = offset + length;
    step = 0;
    partial = false;
    done = 0;
    flushing = false;
    flushed = false;
    error = 0;
    refusal = null;
    statusBytes = 0;
    data.clear();
  }

  void refuse(Refusal reason) {
    refusal = reason;
    error = reason.error();
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Where the range ends. */
  long last() {
    return offset + length;
  }

  /** Makes this a change that begins or ends within a block, and rounds the range outwards. */
  void makePartial(long mask) {
    partial = true;
    roundOutwards(mask);
  }

  /** Whether this is a change that begins or ends within a block. */
  boolean isPartial() {
    return partial;
  }

  /** Makes the range that the device is asked for one of whole blocks. */
  void roundOutwards(long mask) {
    start = offset & ~mask;
    end = (offset + length + mask) & ~mask;
  }

  boolean isRead() {
    return command == Command.READ;
  }

  /** How many bytes that were read go with the reply. */
  long bytesRead() {
    return isRead() && error == 0 ? length : 0;
  }

  /** Whether the reply, if there is no error, sends from the request's memory. */
  boolean answersWithMemory() {
    return command == Command.READ || command == Command.BLOCK_STATUS;
  }

  /** What was read or is written. */
  PooledBuffer memory() {
    PooledBuffer present = buffer;
    if (present == null) {
      throw new IllegalStateException("request without memory: command " + command);
    }
    return present;
  }
}
