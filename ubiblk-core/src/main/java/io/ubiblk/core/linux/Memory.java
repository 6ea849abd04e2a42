package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory mappings. */
public final class Memory {

  // sys/mman.h
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_POPULATE = 0x8000;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;

  // elf.h: the auxiliary vector, pairs of words
  private static final long AT_PAGESZ = 6;

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
   * Maps a part of a file for reading, shared with everybody else who maps it. The mapping ends
   * with the arena.
   *
   * @param fd file descriptor, open for reading; the mapping keeps the file open
   * @param offset first byte in the file, a multiple of the page size
   * @param length length in bytes, at least 1
   * @param arena keeps the mapping
   * @return the mapped memory, read-only
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static MemorySegment mapReadOnly(int fd, long offset, long length, Arena arena)
      throws BlockDeviceException.Io {
    return scoped(mmap(fd, offset, length, PROT_READ, MAP_SHARED), length, arena).asReadOnly();
  }

  /**
   * Reserves memory that takes room only where it is written to. It reads as zeros and is aligned
   * to a page. It ends with the arena.
   *
   * @param length length in bytes, at least 1
   * @param arena keeps the memory
   * @return the memory
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static MemorySegment reserve(long length, Arena arena) throws BlockDeviceException.Io {
    return scoped(mmap(-1, 0, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), length, arena);
  }

  /**
   * Returns the size of a page of this kernel.
   *
   * @return size in bytes
   */
  public static int pageSize() {
    try {
      ByteBuffer vector =
          ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
              .order(ByteOrder.nativeOrder());
      while (vector.remaining() >= 16) {
        long key = vector.getLong();
        long value = vector.getLong();
        if (key == AT_PAGESZ) {
          return (int) value;
        }
      }
      return PAGE;
    } catch (IOException e) {
      return PAGE;
    }
  }

  /**
   * Maps a part of a file, as {@link #map(int, long, long, Arena)} does, without a lifetime in
   * Java: whoever unmaps it sees to it that nobody uses it any more. To end a shared arena costs
   * every thread of the process a stop; this does not.
   *
   * @param fd file descriptor, open for reading and writing; may be closed afterwards
   * @param offset first byte in the file, a multiple of the page size
   * @param length length in bytes, at least 1
   * @return the mapped memory, to be given to {@link #unmap}
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static MemorySegment map(int fd, long offset, long length) throws BlockDeviceException.Io {
    return unscoped(mmap(fd, offset, length, MAP_SHARED | MAP_NORESERVE), length);
  }

  /**
   * Maps memory that a ring shares with the kernel. The memory has no lifetime in Java: whoever
   * unmaps it sees to it that nobody uses it any more.
   */
  static MemorySegment mapRing(int fd, long offset, long length) throws BlockDeviceException.Io {
    return unscoped(mmap(fd, offset, length, MAP_SHARED | MAP_POPULATE), length);
  }

  /**
   * Ends a mapping without a lifetime. Any access to it from now on may end the process, or strike
   * whatever is mapped there next.
   *
   * @param mapping the whole mapping
   */
  public static void unmap(MemorySegment mapping) {
    Syscall.call(Abi.MUNMAP, mapping.address(), mapping.byteSize(), 0);
  }

  private static long mmap(int fd, long offset, long length, int flags)
      throws BlockDeviceException.Io {
    return mmap(fd, offset, length, PROT_READ | PROT_WRITE, flags);
  }

  private static long mmap(int fd, long offset, long length, int protection, int flags)
      throws BlockDeviceException.Io {
    long address = Syscall.call(Abi.MMAP, 0, length, protection, flags, fd, offset);
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
