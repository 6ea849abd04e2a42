package io.ubiblk.vhost.virtqueue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Taking a request from a ring in shared memory, reading and checking its descriptors, and giving
 * it back, 32 in a batch. Nothing is done with the request.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class ChainBenchmark {

  private static final int BATCH = 32;

  /** How the descriptors lie. */
  @Param({"DIRECT", "INDIRECT"})
  public ChainShape shape;

  private Arena arena;
  private SyntheticDriver driver;
  private SplitRing ring;
  private ChainReader reader;
  private RequestSlots slots;
  private MemoryLease lease;

  /** Writes the ring. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    arena = Arena.ofConfined();
    driver = new SyntheticDriver(shape);
    ring = driver.setup().locate(driver.memory());
    reader = new ChainReader(arena, true);
    slots = new RequestSlots(SyntheticDriver.RING);
    lease = new MemoryLease(driver.memory().retain(), Runnable::run);
  }

  /** Gives the memory up. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    lease.end();
    arena.close();
    driver.close();
  }

  /** One request of a batch. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public boolean readAndGiveBack() {
    driver.offer(BATCH);
    for (int n = ring.available(); n > 0; n--) {
      BlockRequest request = slots.begin(ring.head(), lease);
      ring.take();
      reader.read(ring, driver.memory(), request);
      slots.count(request);
      if (request.malformed || request.in.byteSize() != 4096) {
        throw new IllegalStateException("a chain was not read as it was written");
      }
      request.writeStatus();
      ring.complete(request.head, 4097);
      slots.end(request);
    }
    return ring.publish();
  }
}
