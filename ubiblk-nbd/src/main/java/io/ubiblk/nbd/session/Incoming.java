package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.RequestHeader;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests from the bytes of a client. The payload of a write is received where the device
 * takes it from, but for what came along with headers and is copied.
 */
final class Incoming {

  /** What can be done next. */
  enum Outcome {
    /** More bytes are needed. */
    HUNGRY,
    /** Slots or memory are needed. */
    STARVED,
    /** Enough has been begun for this turn. */
    PAUSED,
    /** The client wants to disconnect. */
    FINISHED,
    /** What the client sends is not the protocol. */
    BROKEN
  }

  /** Receives requests. */
  interface Sink {
    /** A request is complete, and either refused or to be executed. */
    void accept(Request request);
  }

  /** Longest payload that is read only to be dropped. */
  private static final long LONGEST_DROPPED = 64 << 20;

  /**
   * Reads of so many bytes are enough for a turn: what is read is sent before the next is read, as
   * long as the processor's caches hold it.
   */
  private static final long ENOUGH_BYTES = 512 * 1024;

  /** Room for extents, in bytes. */
  private static final int STATUS_BYTES = 64 * 1024;

  /** Behind a payload of this length, only little more is received at once: it would be copied. */
  private static final int LONG_PAYLOAD = 32 * 1024;

  private static final int BEHIND_LONG_PAYLOAD = 4096;

  private final Exposure exposure;
  private final Input input;
  private final RequestSlots slots;
  private final MemoryShare memory;
  private final Sink sink;
  private final RequestHeader header = new RequestHeader();
  private final ScatterList target = new ScatterList(2);
  private boolean ending;

  /** The write whose payload is being received, and how much of it is missing. */
  private @Nullable Request filling;

  private long missing;

  /** Bytes of a payload that are to be dropped. */
  private long dropping;

  /** Bytes of the reads that have been begun in this turn. */
  private long begun;

  Incoming(Exposure exposure, Input input, RequestSlots slots, MemoryShare memory, Sink sink) {
    this.exposure = exposure;
    this.input = input;
    this.slots = slots;
    this.memory = memory;
    this.sink = sink;
  }

  /** Refuses all requests that begin from now on. */
  void end() {
    ending = true;
  }

  /** Where to receive. */
  ScatterList target() {
    target.clear();
    Request writing = filling;
    int most = Integer.MAX_VALUE;
    if (writing != null) {
      target.add(writing.memory().memory, payloadPosition(writing), missing);
      most = missing >= LONG_PAYLOAD ? BEHIND_LONG_PAYLOAD : most;
    }
    input.offer(target, most);
    return target;
  }

  /** Takes note of bytes that were received. */
  void received(int count) {
    int direct = (int) Math.min(count, missing);
    missing -= direct;
    input.filled(count - direct);
  }

  /** Looks at what has been received. */
  Outcome advance() {
    begun = 0;
    while (begun < ENOUGH_BYTES) {
      Request writing = filling;
      if (writing != null) {
        missing -= input.moveTo(writing.memory().memory, payloadPosition(writing), missing);
        if (missing > 0) {
          return Outcome.HUNGRY;
        }
        filling = null;
        sink.accept(writing);
      }
      dropping -= input.skip(dropping);
      if (dropping > 0 || input.available() < exposure.style().requestSize()) {
        return Outcome.HUNGRY;
      }
      Outcome outcome = next();
      if (outcome != Outcome.HUNGRY) {
        return outcome;
      }
    }
    return Outcome.PAUSED;
  }

  /** The write whose payload will not come to its end, if there is one. */
  @Nullable Request release() {
    Request writing = filling;
    filling = null;
    missing = 0;
    return writing;
  }

  /** Begins the request whose header is there; {@code HUNGRY} if that could be done. */
  private Outcome next() {
    if (!header.read(exposure.style(), input.view(), input.position())) {
      return Outcome.BROKEN;
    }
    if (header.isKnown() && header.command() == Command.DISCONNECT) {
      return Outcome.FINISHED;
    }
    long payload = header.payload(exposure.style());
    if (payload < 0 || payload > LONGEST_DROPPED) {
      return Outcome.BROKEN;
    }
    Refusal refusal = ending ? Refusal.ENDING : RequestRules.check(exposure, header);
    Request request = slots.take();
    if (request == null) {
      return Outcome.STARVED;
    }
    request.begin(header);
    if (refusal == null && !prepare(request)) {
      slots.give(request);
      return Outcome.STARVED;
    }
    input.consume(exposure.style().requestSize());
    if (refusal != null) {
      request.refuse(refusal);
      dropping = payload;
      sink.accept(request);
    } else if (payload > 0) {
      filling = request;
      missing = payload;
    } else {
      sink.accept(request);
    }
    return Outcome.HUNGRY;
  }

  /** Gives a request the memory that it needs; returns false if there is none. */
  private boolean prepare(Request request) {
    long mask = exposure.geometry().logicalBlockSize() - 1L;
    long bytes =
        switch (request.command) {
          case Command.READ -> {
            request.roundOutwards(mask);
            begun += request.length;
            yield request.length == 0 ? 0 : request.end - request.start;
          }
          case Command.WRITE -> request.length + room(request, mask);
          case Command.WRITE_ZEROES -> room(request, mask);
          case Command.BLOCK_STATUS -> STATUS_BYTES;
          default -> 0;
        };
    if (bytes > 0) {
      request.buffer = memory.take(bytes);
    }
    return bytes == 0 || request.buffer != null;
  }

  /** What a change that begins or ends within a block needs besides its payload. */
  private long room(Request request, long mask) {
    if (((request.offset | request.length) & mask) == 0 || request.length == 0) {
      return 0;
    }
    request.makePartial(mask);
    return 2 * PartialChanges.room(exposure.geometry().logicalBlockSize());
  }

  /** Where the next byte of a payload goes. */
  private long payloadPosition(Request writing) {
    return writing.offset - writing.start + writing.length - missing;
  }
}
