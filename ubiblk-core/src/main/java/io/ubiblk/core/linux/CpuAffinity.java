package io.ubiblk.core.linux;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * Which processors a thread may run on.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html">
 *     sched_setaffinity(2)</a>
 */
public final class CpuAffinity {

  private static final int MASK_BYTES = 1024;

  private CpuAffinity() {}

  /**
   * Binds the calling platform thread to one processor.
   *
   * @param cpu number of the processor, 0 to 8191
   * @throws BlockDeviceException.Io if there is no such processor, or it is not allowed
   */
  public static void bindCurrentThread(int cpu) throws BlockDeviceException.Io {
    if (cpu < 0 || cpu >= MASK_BYTES * 8) {
      throw new IllegalArgumentException("processor " + cpu + ", expected 0 to 8191");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, 8);
      mask.set(ValueLayout.JAVA_BYTE, cpu / 8, (byte) (1 << cpu % 8));
      long result = Syscall.call(Abi.SCHED_SETAFFINITY, 0, MASK_BYTES, mask.address());
      if (result < 0) {
        throw Errno.exception("bind thread to", "processor " + cpu, result);
      }
    }
  }

  /**
   * {@return the processors that the calling platform thread may run on}
   *
   * @throws BlockDeviceException.Io if the kernel refuses
   */
  public static BitSet ofCurrentThread() throws BlockDeviceException.Io {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, 8);
      long result = Syscall.call(Abi.SCHED_GETAFFINITY, 0, MASK_BYTES, mask.address());
      if (result < 0) {
        throw Errno.exception("read affinity of", "thread", result);
      }
      return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
