package io.ubiblk.bench.crypto;

import io.ubiblk.crypto.Secret;
import io.ubiblk.crypto.TweakLayout;
import io.ubiblk.crypto.XtsCipher;
import io.ubiblk.crypto.XtsKey;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
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
 * AES-256-XTS on one core: requests over a megabyte of native memory, in sectors of 512 bytes. Each
 * operation is one MiB, so that operations per second are MiB per second whatever the request.
 *
 * <p>At the end of each trial {@code openssl speed -evp aes-256-xts} runs for the same size and for
 * 512 bytes, where there is an openssl, and prints its lines. It takes a request as one sector,
 * with one tweak; at 512 bytes it does the same work as here.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // set up before the first call
public class XtsBenchmark {

  private static final int MEMORY = 1 << 20;
  private static final ThreadMXBean PROCESSOR = ManagementFactory.getThreadMXBean();

  /** Length of a request in bytes. */
  @Param({"4096", "65536"})
  public int request;

  private Arena arena;
  private XtsCipher cipher;
  private MemorySegment[] plain;
  private MemorySegment[] sealed;

  private long rounds;
  private long processorNanos;

  /** Makes a cipher and cuts memory into requests. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    byte[] bytes = new byte[XtsKey.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7 + 1);
    }
    try (Secret secret = Secret.takeFrom(bytes);
        XtsKey key = XtsKey.of(secret)) {
      cipher = new XtsCipher(key, TweakLayout.UBIBLK);
    }
    arena = Arena.ofConfined();
    plain = cut(arena.allocate(MEMORY, 4096));
    sealed = cut(arena.allocate(MEMORY, 4096));
  }

  private MemorySegment[] cut(MemorySegment memory) {
    MemorySegment[] requests = new MemorySegment[MEMORY / request];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = memory.asSlice((long) i * request, request);
    }
    return requests;
  }

  /** Begins to count. */
  @Setup(Level.Iteration)
  public void begin() {
    rounds = 0;
    processorNanos = PROCESSOR.getCurrentThreadCpuTime();
  }

  /** Prints what a second of processor time was worth, as openssl prints it. */
  @TearDown(Level.Iteration)
  public void end() {
    long nanos = PROCESSOR.getCurrentThreadCpuTime() - processorNanos;
    System.out.printf(
        "%nubiblk, %d bytes, in 1000 bytes a second: %.0f%n",
        request, 1e6 * MEMORY * rounds / nanos);
  }

  /** Closes everything, and asks openssl. */
  @TearDown(Level.Trial)
  public void close() throws InterruptedException {
    cipher.close();
    arena.close();
    for (int bytes : new int[] {512, request}) {
      askOpenssl(bytes);
    }
  }

  /** Encrypts one MiB. */
  @Benchmark
  public void encrypt() {
    for (int i = 0; i < plain.length; i++) {
      cipher.encrypt((long) i * request / 512, plain[i], sealed[i]);
    }
    rounds++;
  }

  /** Decrypts one MiB in place, as reads do. */
  @Benchmark
  public void decrypt() {
    for (int i = 0; i < sealed.length; i++) {
      cipher.decrypt((long) i * request / 512, sealed[i], sealed[i]);
    }
    rounds++;
  }

  private static void askOpenssl(int bytes) throws InterruptedException {
    String size = Integer.toString(bytes);
    ProcessBuilder speed =
        new ProcessBuilder(
            "openssl", "speed", "-evp", "aes-256-xts", "-bytes", size, "-seconds", "2");
    try {
      Process process = speed.redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      process.waitFor();
      String last = output.strip().lines().reduce("", (_, line) -> line);
      System.out.println("\nopenssl, " + bytes + " bytes, in 1000 bytes a second: " + last);
    } catch (IOException e) {
      System.out.println("openssl: " + e.getMessage());
    }
  }
}
