package io.ubiblk.bench;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** Random reads of 4096 bytes from a raw file in the page cache, through io_uring. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class RawFileBenchmark {

  private static final int DEPTH = 32;
  private static final int FILE_BYTES = 64 << 20;

  private Path file;
  private ChannelLoad load;

  /** Writes the file and opens it. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    file = Files.createTempFile("ubiblk-bench", ".raw");
    Files.write(file, new byte[FILE_BYTES]);
    EventLoop loop = ReactorOptions.of(1).withKind(ReactorOptions.Kind.RING).openLoop();
    BlockDevice device = RawFileDevice.open(file, RawFileOptions.DEFAULT);
    load = new ChannelLoad(loop, device, DEPTH, 4096);
  }

  /** Closes and removes the file. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    load.close();
    Files.delete(file);
  }

  /** A read by itself: a system call for each. */
  @Benchmark
  public void readOne() {
    load.read(1);
  }

  /** One read of a batch: a system call for the batch. */
  @Benchmark
  @OperationsPerInvocation(DEPTH)
  public void readBatch() {
    load.read(DEPTH);
  }
}
