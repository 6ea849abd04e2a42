package io.ubiblk.ublk.queue;

import java.lang.foreign.MemorySegment;

/**
 * The data of a queue's requests where it stays in the kernel: a fixed buffer of the reactor's for
 * those who need not look at it, and copying for those who must. Confined to the queue's reactor.
 */
public interface KernelPages {

  /**
   * Returns the fixed buffer that holds the data of a request, unless its description says that
   * there is none.
   *
   * @param tag number of the request
   * @return number of the buffer; negative if no request has one
   */
  int buffer(int tag);

  /**
   * Copies what a write request brings.
   *
   * @param tag number of the request
   * @param memory where to copy to
   * @param offset first byte of the memory
   * @param length number of bytes
   * @return 0 or a negative errno
   */
  int take(int tag, MemorySegment memory, long offset, long length);

  /**
   * Copies what a read request asks for.
   *
   * @param tag number of the request
   * @param memory where to copy from
   * @param offset first byte of the memory
   * @param length number of bytes
   * @return 0 or a negative errno
   */
  int give(int tag, MemorySegment memory, long offset, long length);
}
