package io.ubiblk.ublk;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.RecordingBlockDevice;
import io.ubiblk.ublk.simulated.SimulatedDriver;
import io.ubiblk.ublk.simulated.SimulatedRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A memory that fails on demand, reactors, and a driver that is simulated. */
final class Rig implements AutoCloseable {

  static final int SIZE = 1 << 20;
  private static final int PATIENCE_SECONDS = 20;

  final FaultyBlockDevice device;
  final RecordingBlockDevice recording;
  final ReactorGroup reactors;
  final SimulatedDriver driver;

  Rig() throws IOException {
    this(new SimulatedDriver());
  }

  Rig(SimulatedDriver driver) throws IOException {
    this(driver, new MemoryDevice(SIZE));
  }

  Rig(SimulatedDriver driver, BlockDevice storage) throws IOException {
    this.driver = driver;
    recording = new RecordingBlockDevice(storage);
    device = new FaultyBlockDevice(recording, 1);
    // The driver is no kernel's: any kind of reactor will do.
    reactors = ReactorGroup.start(ReactorOptions.of(2));
  }

  UblkBuilder builder() {
    return UblkDevice.serve(device)
        .reactors(reactors)
        .queues(2)
        .depth(8)
        .largestTransfer(1 << 16)
        .grace(Duration.ofMillis(100));
  }

  UblkDevice start() throws IOException {
    return builder().start(driver);
  }

  /** Sends a request to a queue and waits for what is committed. */
  int perform(int queue, SimulatedRequest request) throws Exception {
    return await(driver.queue(queue).send(request));
  }

  int perform(SimulatedRequest request) throws Exception {
    return perform(0, request);
  }

  static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  static void until(Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("nothing happened for " + PATIENCE_SECONDS + " seconds");
      }
      Thread.sleep(1);
    }
  }

  @Override
  public void close() throws IOException {
    device.close();
    reactors.close();
  }
}
