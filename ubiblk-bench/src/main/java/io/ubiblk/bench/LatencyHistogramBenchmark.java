package io.ubiblk.bench;

import io.ubiblk.api.LatencyHistogram;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Taking down how long a request took. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class LatencyHistogramBenchmark {

  private static final int TIMES = 1024;

  private final long[] times = new long[TIMES];
  private final long[] counts = new long[LatencyHistogram.BUCKETS];

  /** Makes up times from a microsecond to a second, all magnitudes alike. */
  @Setup(Level.Trial)
  public void fill() {
    SplittableRandom random = new SplittableRandom(20261121);
    for (int i = 0; i < TIMES; i++) {
      times[i] = (long) Math.exp(random.nextDouble(Math.log(1e3), Math.log(1e9)));
    }
  }

  /** One time. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public long[] record() {
    for (long time : times) {
      counts[LatencyHistogram.bucket(time)]++;
    }
    return counts;
  }
}
