package io.ubiblk.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What the guard has to notice. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WastefulBenchmark {

  /** Does some work. */
  @Benchmark
  public void bare() {
    Blackhole.consumeCPU(20);
  }

  /** Does several times as much. */
  @Benchmark
  public void slow() {
    Blackhole.consumeCPU(200);
  }

  /** Allocates the smallest object that there is. */
  @Benchmark
  public Object allocating() {
    Blackhole.consumeCPU(20);
    return new Object();
  }
}
