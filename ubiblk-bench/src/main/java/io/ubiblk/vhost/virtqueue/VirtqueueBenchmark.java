package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorOptions;
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
 * Reads of 4096 bytes all the way through a queue: from the ring to a device without content, and
 * back into the ring. The ring is in shared memory, the driver is the benchmark; there is no socket
 * and no other thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class VirtqueueBenchmark {

  private static final int BATCH = 32;

  /** How the descriptors lie. */
  @Param({"DIRECT", "INDIRECT"})
  public ChainShape shape;

  private Arena arena;
  private SyntheticDriver driver;
  private IoReactor loop;
  private BlockDevice device;
  private Virtqueue queue;

  /** Starts the queue. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    arena = Arena.ofShared();
    driver = new SyntheticDriver(shape);
    loop = (IoReactor) ReactorOptions.of(1).openLoop();
    device = new NullDevice(1 << 30);
    queue =
        new Virtqueue(
            "benchmark",
            loop,
            device,
            QueueLimits.of(arena, "benchmark"),
            driver.setup(),
            driver.memory(),
            memory -> {});
    queue.setEnabled(true);
  }

  /** Stops the queue. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    boolean[] stopped = {false};
    queue.stop(() -> stopped[0] = true);
    while (!stopped[0]) {
      loop.turn();
    }
    device.close();
    loop.close();
    driver.close();
    arena.close();
  }

  /** A request by itself. */
  @Benchmark
  public void readOne() {
    serve(1);
  }

  /** One request of a batch. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void readBatch() {
    serve(BATCH);
  }

  private void serve(int count) {
    driver.offer(count);
    while (!driver.hasAll()) {
      loop.turn();
    }
    if (driver.status(0) != BlockRequest.OK) {
      throw new IllegalStateException("a request ended with status " + driver.status(0));
    }
  }
}
