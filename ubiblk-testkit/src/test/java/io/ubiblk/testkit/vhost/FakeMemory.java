package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The regions that a frontend has handed over. Mappings stay until the end of the session. */
final class FakeMemory implements AutoCloseable {

  record Region(long guest, long size, long user, MemorySegment segment) {}

  private final Arena arena = Arena.ofShared();
  private final List<Region> regions = new CopyOnWriteArrayList<>();

  void clear() {
    regions.clear();
  }

  /** Adds the region that the buffer describes; the descriptor is closed. */
  void add(ByteBuffer in, FileDescriptor descriptor) throws IOException {
    int fd = Descriptors.number(descriptor);
    long guest = in.getLong();
    long size = in.getLong();
    long user = in.getLong();
    long offset = in.getLong();
    regions.add(new Region(guest, size, user, Posix.map(fd, offset, size, arena)));
    Posix.close(fd);
  }

  boolean remove(ByteBuffer in) {
    long guest = in.getLong();
    long size = in.getLong();
    long user = in.getLong();
    return regions.removeIf(r -> r.guest == guest && r.size == size && r.user == user);
  }

  int count() {
    return regions.size();
  }

  /** The memory behind a user address up to the end of its region, or null. */
  MemorySegment user(long address) {
    for (Region region : regions) {
      long at = address - region.user;
      if (at >= 0 && at < region.size) {
        return region.segment.asSlice(at);
      }
    }
    throw new IndexOutOfBoundsException("user address " + Long.toHexString(address));
  }

  /** Copies between an array and a range that may cross regions. */
  void copy(long address, byte[] array, int from, int length, boolean toGuest) {
    int done = 0;
    while (done < length) {
      MemorySegment segment = guest(address + done);
      int take = (int) Math.min(length - done, segment.byteSize());
      MemorySegment heap = MemorySegment.ofArray(array);
      if (toGuest) {
        MemorySegment.copy(heap, from + done, segment, 0, take);
      } else {
        MemorySegment.copy(segment, 0, heap, from + done, take);
      }
      done += take;
    }
  }

  private MemorySegment guest(long address) {
    for (Region region : regions) {
      long at = address - region.guest;
      if (at >= 0 && at < region.size) {
        return region.segment.asSlice(at);
      }
    }
    throw new IndexOutOfBoundsException("guest address " + Long.toHexString(address));
  }

  @Override
  public void close() {
    arena.close();
  }
}
