package io.ubiblk.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the disk is served: the section {@code tuning}.
 *
 * @param numQueues number of queues, 1 to 63
 * @param queueSize entries of each queue, a power of two up to 32768
 * @param segSizeMax largest segment of a request in bytes, 1 to 1048576
 * @param segCountMax most segments of a request, 1 to 256
 * @param pollTimeoutMicros how long a queue without work is polled, in microseconds, 0 to 10000000
 * @param cpus the processor to bind each queue's thread to, or null for none
 * @param ioEngine how files are read and written
 * @param writeThrough whether every write is durable when it completes
 */
public record Tuning(
    int numQueues,
    int queueSize,
    int segSizeMax,
    int segCountMax,
    int pollTimeoutMicros,
    @Nullable List<Integer> cpus,
    IoEngine ioEngine,
    boolean writeThrough) {

  /** The most queues. */
  public static final int MOST_QUEUES = 63;

  /** The largest queue: what virtio allows. */
  public static final int LARGEST_QUEUE = 32768;

  /** The largest segment in bytes. */
  public static final int LARGEST_SEGMENT = 1 << 20;

  /** The most segments. */
  public static final int MOST_SEGMENTS = 256;

  /** The longest polling in microseconds. */
  public static final int LONGEST_POLL_MICROS = 10_000_000;

  /** One queue of 64 entries, four segments of 64 KiB, polling for a millisecond, io_uring. */
  public static final Tuning DEFAULT =
      new Tuning(1, 64, 65536, 4, 1000, null, IoEngine.IO_URING, false);

  /** Checks the values and copies the list. */
  public Tuning {
    check("numQueues", numQueues, 1, MOST_QUEUES);
    check("queueSize", queueSize, 1, LARGEST_QUEUE);
    if (Integer.bitCount(queueSize) != 1) {
      throw new IllegalArgumentException("queueSize " + queueSize + ", expected a power of two");
    }
    check("segSizeMax", segSizeMax, 1, LARGEST_SEGMENT);
    check("segCountMax", segCountMax, 1, MOST_SEGMENTS);
    check("pollTimeoutMicros", pollTimeoutMicros, 0, LONGEST_POLL_MICROS);
    if (cpus != null) {
      cpus = List.copyOf(cpus);
      check("number of cpus", cpus.size(), numQueues, numQueues);
    }
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " " + value + ", expected " + least + " to " + most);
    }
  }
}
