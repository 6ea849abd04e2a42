package io.ubiblk.core.layer;

import io.ubiblk.api.Operation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one queue of a disk has done and is doing. Written by the thread of the queue's channel
 * without synchronisation, read by any thread: the numbers of a snapshot may be a moment apart, and
 * the parts of a request in flight may belong to its successor.
 *
 * <p>Reads, writes and flushes are counted when the device below has accepted them, whether they
 * succeed or not. Other requests are neither counted nor listed.
 */
public final class QueueTracker {

  private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle INT = MethodHandles.arrayElementVarHandle(int[].class);

  private static final int FREE = 0;
  private static final int OTHER = 1;
  private static final int READ = 2;
  private static final int WRITE = 3;
  private static final int FLUSH = 4;

  private static final int BYTES_READ = 0;
  private static final int BYTES_WRITTEN = 1;
  private static final int READ_OPS = 2;
  private static final int WRITE_OPS = 3;
  private static final int FLUSH_OPS = 4;

  private static final Slots NO_SLOTS = new Slots(0, () -> 0);

  private final long[] counters = new long[5];
  private volatile Slots slots = NO_SLOTS;

  QueueTracker() {}

  /**
   * Totals since the tracker was made. They never fall.
   *
   * @param bytesRead bytes of all reads
   * @param bytesWritten bytes of all writes
   * @param readOps number of reads
   * @param writeOps number of writes
   * @param flushOps number of flushes
   */
  public record Totals(
      long bytesRead, long bytesWritten, long readOps, long writeOps, long flushOps) {}

  /**
   * A request in flight.
   *
   * @param operation read, write or flush
   * @param offset position on the device in bytes, 0 for a flush
   * @param length length in bytes, 0 for a flush
   * @param ageNanos how long ago it began, in nanoseconds
   */
  public record InFlight(Operation operation, long offset, long length, long ageNanos) {}

  /** {@return the totals} */
  public Totals totals() {
    return new Totals(
        get(counters, BYTES_READ),
        get(counters, BYTES_WRITTEN),
        get(counters, READ_OPS),
        get(counters, WRITE_OPS),
        get(counters, FLUSH_OPS));
  }

  /** {@return the requests in flight, in the order of their slots} */
  public List<InFlight> inFlight() {
    Slots now = slots;
    long time = now.clock.getAsLong();
    List<InFlight> requests = new ArrayList<>();
    for (int i = 0; i < now.kinds.length; i++) {
      Operation operation = operation((int) INT.getAcquire(now.kinds, i));
      if (operation != null) {
        requests.add(
            new InFlight(
                operation,
                get(now.offsets, i),
                get(now.lengths, i),
                Math.max(0, time - get(now.begun, i))));
      }
    }
    return requests;
  }

  /** A queue begins to use the tracker, with the clock of its reactor. */
  void open(int depth, LongSupplier clock) {
    slots = new Slots(depth, clock);
  }

  /** The queue has gone, and its requests with it. */
  void close() {
    slots = NO_SLOTS;
  }

  void begin(int slot, @Nullable Operation operation, long offset, long length, long nanos) {
    Slots now = slots;
    LONG.setOpaque(now.offsets, slot, offset);
    LONG.setOpaque(now.lengths, slot, length);
    LONG.setOpaque(now.begun, slot, nanos);
    INT.setRelease(now.kinds, slot, kind(operation));
    count(operation, length);
  }

  void end(int slot) {
    Slots now = slots;
    if (slot < now.kinds.length) {
      INT.setOpaque(now.kinds, slot, FREE);
    }
  }

  private void count(@Nullable Operation operation, long length) {
    if (operation == Operation.READ) {
      add(BYTES_READ, length);
      add(READ_OPS, 1);
    } else if (operation == Operation.WRITE) {
      add(BYTES_WRITTEN, length);
      add(WRITE_OPS, 1);
    } else if (operation == Operation.FLUSH) {
      add(FLUSH_OPS, 1);
    }
  }

  private static int kind(@Nullable Operation operation) {
    if (operation == Operation.READ) {
      return READ;
    }
    if (operation == Operation.WRITE) {
      return WRITE;
    }
    return operation == Operation.FLUSH ? FLUSH : OTHER;
  }

  private static @Nullable Operation operation(int kind) {
    return switch (kind) {
      case READ -> Operation.READ;
      case WRITE -> Operation.WRITE;
      case FLUSH -> Operation.FLUSH;
      default -> null;
    };
  }

  private void add(int index, long delta) {
    LONG.setOpaque(counters, index, counters[index] + delta);
  }

  private static long get(long[] array, int index) {
    return (long) LONG.getOpaque(array, index);
  }

  private static final class Slots {
    private final LongSupplier clock;
    private final int[] kinds;
    private final long[] offsets;
    private final long[] lengths;
    private final long[] begun;

    Slots(int depth, LongSupplier clock) {
      this.clock = clock;
      kinds = new int[depth];
      offsets = new long[depth];
      lengths = new long[depth];
      begun = new long[depth];
    }
  }
}
