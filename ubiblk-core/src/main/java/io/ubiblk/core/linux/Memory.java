package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory mappings. */
public final class Memory {

  // sys/mman.h
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_POPULATE = 0x8000;
  private static final int MAP_NORESERVE = 0x4000;

  /** Alignment and granularity of mappings that is safe on every page size Linux uses. */
  public static final int PAGE = 4096;

  private Memory() {}

  /**
   * Maps a part of a file, shared with everybody else who maps it. The mapping ends with the arena.
   *
   * @param fd file descriptor, open for reading and writing; may be closed afterwards
   * @param offset first byte in the file, a multiple of the page size
   * @param length length in bytes, at least 1
   * @param arena keeps the mapping
   * @return the mapped memory
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static MemorySegment map(int fd, long offset, long length, Arena arena)
      throws BlockDeviceException.Io {
    long address = mmap(fd, offset, length, MAP_SHARED | MAP_NORESERVE);
    return scoped(address, length, arena);
  }

  /**
   * Maps memory that a ring shares with the kernel. The memory has no lifetime in Java: whoever
   * unmaps it sees to it that nobody uses it any more.
   */
  static MemorySegment mapRing(int fd, long offset, long length) throws BlockDeviceException.Io {
    return unscoped(mmap(fd, offset, length, MAP_SHARED | MAP_POPULATE), length);
  }

  static void unmap(MemorySegment mapping) {
    Syscall.call(Abi.MUNMAP, mapping.address(), mapping.byteSize(), 0);
  }

  private static long mmap(int fd, long offset, long length, int flags)
      throws BlockDeviceException.Io {
    long address = Syscall.call(Abi.MMAP, 0, length, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (address < 0 && address > -4096) {
      throw Errno.exception("map " + length + " bytes of", "descriptor " + fd, address);
    }
    return address;
  }

  @SuppressWarnings("restricted")
  private static MemorySegment scoped(long address, long length, Arena arena) {
    return MemorySegment.ofAddress(address)
        .reinterpret(length, arena, ended -> Syscall.call(Abi.MUNMAP, ended.address(), length, 0));
  }

  @SuppressWarnings("restricted")
  private static MemorySegment unscoped(long address, long length) {
    return MemorySegment.ofAddress(address).reinterpret(length);
  }
}
