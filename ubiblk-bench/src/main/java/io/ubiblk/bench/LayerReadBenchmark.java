package io.ubiblk.bench;

import io.ubiblk.api.EventLoop;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
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
 * Reads of 4096 bytes through a layer that has nothing to do, 32 in a batch: what the layer adds is
 * the difference to {@link Layer#BARE}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class LayerReadBenchmark {

  private static final int DEPTH = 32;

  /** What lies over the device without content. */
  @Param({"BARE", "FORWARDING", "READ_ONLY", "STATISTICS", "LAZY", "LAZY_TRACKED"})
  public Layer layer;

  private ChannelLoad load;

  /** Opens the device. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    EventLoop loop = ReactorOptions.of(1).openLoop();
    load = new ChannelLoad(loop, layer.open(loop), DEPTH, 4096);
  }

  /** Closes the device. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    load.close();
  }

  /** One request of a batch. */
  @Benchmark
  @OperationsPerInvocation(DEPTH)
  public void read() {
    load.read(DEPTH);
  }
}
