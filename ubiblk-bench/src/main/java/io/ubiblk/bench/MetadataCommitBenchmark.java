package io.ubiblk.bench;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.lazy.LazyDevice;
import io.ubiblk.core.lazy.LazyOptions;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * First writes to stripes of a disk that keeps track of them: each waits until its stripe's bit is
 * durable in the metadata. Not a hot path, since each stripe is written first only once: it
 * allocates. The data goes nowhere; the metadata goes nowhere or to a file, which is synced.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class MetadataCommitBenchmark {

  private static final int GROUP = 512;
  private static final int STRIPES = 1 << 19;
  private static final int SHIFT = MetadataLayout.SMALLEST_NEW_SHIFT;

  /** Where the metadata goes. */
  public enum Store {
    /** To a device that forgets it: what the library costs. */
    NOWHERE,
    /** To a file in the directory for temporary files, with a sync for each group. */
    FILE
  }

  /** Where the metadata goes. */
  @Param({"NOWHERE", "FILE"})
  public Store store;

  private Path file;
  private ChannelLoad load;
  private int next;

  /** Opens a disk of which nothing has been written. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    file = Files.createTempFile("ubiblk-bench", ".meta");
    next = 0;
    EventLoop loop = ReactorOptions.of(1).openLoop();
    byte[] headers = new byte[STRIPES];
    Arrays.fill(headers, (byte) (StripeHeader.FETCHED | StripeHeader.HAS_SOURCE));
    BlockDevice data = new NullDevice((long) STRIPES * MetadataLayout.stripeSize(SHIFT));
    LazyDevice device =
        LazyDevice.assemble(
            data,
            metadata(),
            StripeMetadata.of(SHIFT, headers),
            null,
            loop,
            LazyOptions.DEFAULT.withTrackWritten(true));
    load = new ChannelLoad(loop, device, GROUP, 4096);
  }

  private BlockDevice metadata() throws IOException {
    long size = MetadataLayout.fileSize(STRIPES);
    if (store == Store.NOWHERE) {
      return new NullDevice(size);
    }
    Files.write(file, new byte[Math.toIntExact(size)]);
    return RawFileDevice.open(file, RawFileOptions.DEFAULT);
  }

  /** Closes the disk. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    load.close();
    Files.delete(file);
  }

  /** A stripe by itself. */
  @Benchmark
  public void commitOne() throws IOException {
    commit(1);
  }

  /** 512 stripes at once; the time is that of all of them. */
  @Benchmark
  public void commitGroup() throws IOException {
    commit(GROUP);
  }

  private void commit(int count) throws IOException {
    if (next + count > STRIPES) {
      close();
      open();
    }
    long stripe = MetadataLayout.stripeSize(SHIFT);
    load.write(count, next * stripe, stripe);
    next += count;
  }
}
