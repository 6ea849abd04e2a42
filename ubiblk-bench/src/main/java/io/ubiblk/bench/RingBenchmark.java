package io.ubiblk.bench;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.CompletionQueue;
import io.ubiblk.core.linux.IoUring;
import io.ubiblk.core.linux.SubmissionQueue;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Operations of an io_uring that do nothing: what the ring itself costs. They are cancellations of
 * an operation that there is not.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class RingBenchmark {

  private static final int DEPTH = 32;
  private static final long NOBODY = 1L << 40;

  private IoUring ring;

  /** Opens a ring. */
  @Setup(Level.Trial)
  public void open() throws BlockDeviceException {
    ring = IoUring.open(64, 128);
  }

  /** Closes the ring. */
  @TearDown(Level.Trial)
  public void close() {
    ring.close();
  }

  /** One operation of a batch. */
  @Benchmark
  @OperationsPerInvocation(DEPTH)
  public long emptyOperation() {
    SubmissionQueue submissions = ring.submissions();
    for (int i = 0; i < DEPTH; i++) {
      submissions.cancel(NOBODY, i);
    }
    ring.submit();
    CompletionQueue completions = ring.completions();
    long sum = 0;
    for (int seen = 0; seen < DEPTH; ) {
      for (int n = completions.available(); n > 0; n--) {
        sum += completions.userData() + completions.result();
        completions.advance();
        seen++;
      }
      if (seen < DEPTH) {
        ring.submit();
      }
    }
    return sum;
  }
}
