package io.ubiblk.testkit;

import io.ubiblk.api.Status;

/**
 * A device in memory, of any size and shape, that is strict with its users: the thing to put under
 * a decorator or behind a frontend in a test.
 *
 * <p>It uses every freedom that the contract of {@link io.ubiblk.api.BlockChannel} leaves. Requests
 * do not start before {@link io.ubiblk.api.BlockChannel#submit submit}, complete in random order
 * and over several turns of the loop, and memory is copied as late as possible. The order follows
 * from {@link ModelOptions#seed()}, so that a test repeats itself. What was not written takes up no
 * memory: a device of a terabyte costs nothing.
 *
 * <p>It watches its users. Use on a wrong thread throws an {@link AssertionError} at once. Memory
 * of a write or a scatter list that changes while the request is in flight is remembered, see
 * {@link #complaints}, and {@link #close} throws it. Closing with open channels says where each was
 * opened. More requests at once than the depth are not accepted.
 *
 * <p>What completed is durable; for a device that loses power see {@link CrashingBlockDevice}.
 * Flags that a request does not take are refused with {@link Status#EINVAL}.
 *
 * <p><b>Thread.</b> Thread-safe, as every device.
 */
public final class ModelBlockDevice extends MemoryBlockDevice {

  /**
   * Creates a zeroed device of 512-byte blocks that can do everything.
   *
   * @param size size in bytes, a multiple of 512
   */
  public ModelBlockDevice(long size) {
    this(ModelOptions.of(size));
  }

  /**
   * Creates a zeroed device.
   *
   * @param options what it is like
   */
  public ModelBlockDevice(ModelOptions options) {
    super(options, new SparseStore(options.geometry().size()));
  }

  @Override
  int serveLocked(MemoryRequest request) {
    switch (request.operation) {
      case READ -> {
        return serveRead(request);
      }
      case WRITE, DISCARD, WRITE_ZEROES -> toChange(request).applyAll(content(), unmaps(request));
      case FLUSH, PREFETCH -> {}
    }
    return Status.OK;
  }
}
