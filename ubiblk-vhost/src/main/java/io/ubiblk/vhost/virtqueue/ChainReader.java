package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.ScatterList;
import io.ubiblk.vhost.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Walks descriptor chains. Nothing in them is trusted: indexes, addresses, lengths, tables and the
 * number of descriptors are checked, each field is read once, and a chain of any shape ends.
 *
 * <p>The bytes count, not the descriptors: the header is the first sixteen bytes that the device
 * may read, the status the last one that it may write, however they are cut into descriptors.
 *
 * @see <a
 *     href="https://docs.oasis-open.org/virtio/virtio/v1.2/os/virtio-v1.2-os.html#x1-430005">virtio
 *     1.2, section 2.7.5</a>
 */
final class ChainReader {

  private static final int ADDRESS = 0;
  private static final int LENGTH = 8;
  private static final int FLAGS = 12;
  private static final int NEXT = 14;

  private static final int FLAG_NEXT = 1;
  private static final int FLAG_WRITE = 2;
  private static final int FLAG_INDIRECT = 4;

  /** The longest queue there is, and thereby the longest table that a driver may use. */
  private static final int MOST_DESCRIPTORS = 32768;

  /**
   * Most pieces of memory in a request; a descriptor may consist of as many as there are regions.
   */
  private static final int MOST_PIECES = 2 * MOST_DESCRIPTORS;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final boolean indirectAllowed;
  private final MemorySegment header;
  private final Arena arena;
  private MemorySegment tableCopy = MemorySegment.NULL;
  private final ScatterList pieces = new ScatterList();

  // The walk that is going on.
  private MemorySegment table = MemorySegment.NULL;
  private long tableOffset;
  private int tableSize;
  private int headerBytes;
  private boolean writableSeen;
  private long lastWritable;
  private long writableBytes;
  private int descriptors;

  /**
   * Creates a reader.
   *
   * @param arena keeps its memory, as long as the queue
   * @param indirectAllowed whether the driver has negotiated indirect tables
   */
  ChainReader(Arena arena, boolean indirectAllowed) {
    this.arena = arena;
    this.indirectAllowed = indirectAllowed;
    this.header = arena.allocate(BlockRequest.HEADER_SIZE, 8);
  }

  /**
   * Reads the chain that begins at a request's head into the request. What comes of it is to be
   * used only after a look at {@link io.ubiblk.api.MemoryFault}.
   *
   * @return how many descriptors that took
   */
  int read(SplitRing ring, GuestMemory memory, BlockRequest request) {
    table = ring.descriptors();
    tableOffset = 0;
    tableSize = ring.size();
    headerBytes = 0;
    writableSeen = false;
    lastWritable = -1;
    writableBytes = 0;
    descriptors = 0;
    if (walk(memory, request)) {
      finish(memory, request);
    } else {
      // Where the chain ends is not known, so neither is its status byte.
      request.malformed = true;
    }
    return descriptors;
  }

  private boolean walk(GuestMemory memory, BlockRequest request) {
    int index = request.head;
    boolean indirect = false;
    for (int seen = 0; seen < tableSize; seen++) {
      if (index >= tableSize) {
        return false;
      }
      descriptors++;
      long at = tableOffset + (long) index * SplitRing.DESCRIPTOR_SIZE;
      long address = table.get(LONG, at + ADDRESS);
      long length = Integer.toUnsignedLong(table.get(INT, at + LENGTH));
      int flags = table.get(SHORT, at + FLAGS);
      index = table.get(SHORT, at + NEXT) & 0xffff;
      if ((flags & FLAG_INDIRECT) != 0) {
        boolean wellFormed = indirectAllowed && !indirect && (flags & FLAG_NEXT) == 0;
        if (!wellFormed || !enterTable(memory, request, address, length)) {
          return false;
        }
        indirect = true;
        index = 0;
        seen = -1;
        continue;
      }
      if (length > 0) {
        add(memory, request, address, length, (flags & FLAG_WRITE) != 0);
      }
      if ((flags & FLAG_NEXT) == 0) {
        return true;
      }
    }
    return false;
  }

  private boolean enterTable(GuestMemory memory, BlockRequest request, long address, long length) {
    if (length == 0
        || length % SplitRing.DESCRIPTOR_SIZE != 0
        || length > (long) MOST_DESCRIPTORS * SplitRing.DESCRIPTOR_SIZE) {
      return false;
    }
    int region = memory.find(address);
    if (region < 0) {
      return false;
    }
    if (memory.remaining(region, address) >= length) {
      table = memory.segment(region);
      tableOffset = memory.offset(region, address);
    } else if (!copyTable(memory, request, address, length)) {
      return false;
    }
    tableSize = (int) (length / SplitRing.DESCRIPTOR_SIZE);
    return true;
  }

  /** A table that crosses regions. */
  private boolean copyTable(GuestMemory memory, BlockRequest request, long address, long length) {
    if (tableCopy.byteSize() == 0) {
      tableCopy = arena.allocate((long) MOST_DESCRIPTORS * SplitRing.DESCRIPTOR_SIZE, 8);
    }
    table = tableCopy;
    tableOffset = 0;
    return copy(memory, request, address, tableCopy, 0, length);
  }

  private void add(
      GuestMemory memory, BlockRequest request, long address, long length, boolean writable) {
    if (writable) {
      writableSeen = true;
      lastWritable = address + length - 1;
      writableBytes += length;
      addData(memory, request, request.in, address, length);
    } else {
      addReadable(memory, request, address, length);
    }
  }

  private void addReadable(GuestMemory memory, BlockRequest request, long address, long length) {
    if (writableSeen) {
      request.malformed = true;
      return;
    }
    long skip = Math.min(length, BlockRequest.HEADER_SIZE - headerBytes);
    if (skip > 0) {
      if (!copy(memory, request, address, header, headerBytes, skip)) {
        request.malformed = true;
        return;
      }
      headerBytes += (int) skip;
    }
    addData(memory, request, request.out, address + skip, length - skip);
  }

  /** A chain that is wrong is only followed to its end, for the status byte. */
  private static void addData(
      GuestMemory memory, BlockRequest request, ScatterList data, long address, long length) {
    if (!request.malformed) {
      request.malformed = !memory.addTo(data, address, length) || request.pieces() > MOST_PIECES;
    }
  }

  private boolean copy(
      GuestMemory memory,
      BlockRequest request,
      long address,
      MemorySegment dst,
      long dstOffset,
      long length) {
    pieces.clear();
    if (!memory.addTo(pieces, address, length)) {
      return false;
    }
    request.vanished |= !pieces.copyTo(0, dst, dstOffset, length);
    return !request.vanished;
  }

  private void finish(GuestMemory memory, BlockRequest request) {
    if (headerBytes < BlockRequest.HEADER_SIZE) {
      request.malformed = true;
    } else {
      request.type = header.get(INT, 0);
      request.sector = header.get(LONG, 8);
    }
    int region = writableBytes == 0 ? -1 : memory.find(lastWritable);
    if (region < 0) {
      request.malformed = true;
      return;
    }
    request.statusAt(memory.segment(region), memory.offset(region, lastWritable));
    if (!request.malformed) {
      request.in.truncate(writableBytes - 1);
    }
  }
}
