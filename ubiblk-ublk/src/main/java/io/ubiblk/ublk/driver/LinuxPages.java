package io.ubiblk.ublk.driver;

import io.ubiblk.api.Status;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.ublk.protocol.IoCommand;
import io.ubiblk.ublk.queue.KernelPages;
import java.lang.foreign.MemorySegment;

/**
 * The data of a queue's requests, in this machine's kernel.
 *
 * @param file the device's node
 * @param queue number of the queue
 * @param firstBuffer number of the fixed buffer of the first request; -1 if there are none
 */
record LinuxPages(OpenFile file, int queue, int firstBuffer) implements KernelPages {

  @Override
  public int buffer(int tag) {
    return firstBuffer < 0 ? -1 : firstBuffer + tag;
  }

  @Override
  public int take(int tag, MemorySegment memory, long offset, long length) {
    long result = file.read(IoCommand.dataOffset(queue, tag), memory, offset, length);
    return outcome(result, length);
  }

  @Override
  public int give(int tag, MemorySegment memory, long offset, long length) {
    long result = file.write(IoCommand.dataOffset(queue, tag), memory, offset, length);
    return outcome(result, length);
  }

  private static int outcome(long result, long length) {
    if (result < 0) {
      return (int) result;
    }
    // The kernel copies all of a request unless memory is missing.
    return result == length ? 0 : -Status.EIO;
  }
}
