package io.ubiblk.ublk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.testkit.RequestEvent;
import io.ubiblk.ublk.simulated.SimulatedRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the requests of a queue. */
class QueueTest {

  private Rig rig;
  private UblkDevice served;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig();
    served = rig.start();
  }

  @AfterEach
  void stop() throws Exception {
    served.close();
    rig.close();
  }

  private RequestEvent lastOf(Operation operation) {
    return rig.recording.requests().stream()
        .filter(event -> event.operation() == operation)
        .reduce((a, b) -> b)
        .orElseThrow();
  }

  @Test
  void whatIsWrittenIsReadThroughTheOtherQueue() throws Exception {
    SimulatedRequest write = SimulatedRequest.write(3, 16, 0x5a);
    assertEquals(8192, rig.perform(0, write));
    SimulatedRequest read = SimulatedRequest.of(SimulatedRequest.READ, 3, 16);
    assertEquals(8192, rig.perform(1, read));
    assertArrayEquals(write.data(), read.data());
  }

  @Test
  void largestRequestFillsItsBuffer() throws Exception {
    SimulatedRequest write = SimulatedRequest.write(0, 128, 7);
    assertEquals(1 << 16, rig.perform(write));
    assertEquals(-Status.EINVAL, rig.perform(SimulatedRequest.of(SimulatedRequest.READ, 0, 129)));
  }

  @Test
  void flushDiscardAndWriteZeroesCommitZero() throws Exception {
    assertEquals(0, rig.perform(SimulatedRequest.of(SimulatedRequest.FLUSH, 0, 0)));
    assertEquals(0, rig.perform(SimulatedRequest.of(SimulatedRequest.DISCARD, 8, 1024)));
    assertEquals(1024 * 512, lastOf(Operation.DISCARD).length());
    rig.perform(SimulatedRequest.write(0, 8, 1));
    assertEquals(0, rig.perform(SimulatedRequest.of(SimulatedRequest.WRITE_ZEROES, 0, 8)));
    SimulatedRequest read = SimulatedRequest.of(SimulatedRequest.READ, 0, 8);
    rig.perform(read);
    assertArrayEquals(new byte[4096], read.data());
  }

  @Test
  void flushHasNoRange() throws Exception {
    assertEquals(0, rig.perform(SimulatedRequest.of(SimulatedRequest.FLUSH, -1, 0)));
  }

  @Test
  void flagsReachTheDevice() throws Exception {
    rig.perform(SimulatedRequest.write(0, 8, 1));
    assertEquals(IoFlags.NONE, lastOf(Operation.WRITE).flags());
    rig.perform(SimulatedRequest.write(0, 8, 1).with(SimulatedRequest.FUA));
    assertEquals(IoFlags.FUA, lastOf(Operation.WRITE).flags());
    rig.perform(
        SimulatedRequest.of(SimulatedRequest.WRITE_ZEROES, 0, 8).with(SimulatedRequest.NOUNMAP));
    assertEquals(IoFlags.NO_UNMAP, lastOf(Operation.WRITE_ZEROES).flags());
  }

  @Test
  void errorsAreCommittedAsTheyAre() throws Exception {
    for (int errno : new int[] {Status.EIO, Status.ENOSPC, Status.ETIMEDOUT, 61, 121}) {
      rig.device.failNext(Operation.WRITE, errno, 1);
      assertEquals(-errno, rig.perform(SimulatedRequest.write(0, 8, 1)));
    }
    assertEquals(4096, rig.perform(SimulatedRequest.write(0, 8, 1)));
    rig.device.failNext(Operation.FLUSH, Status.EIO, 1);
    assertEquals(-Status.EIO, rig.perform(SimulatedRequest.of(SimulatedRequest.FLUSH, 0, 0)));
  }

  @Test
  void requestsThatMakeNoSenseAreRefused() throws Exception {
    assertEquals(-Status.EOPNOTSUPP, rig.perform(SimulatedRequest.of(4, 0, 8)));
    assertEquals(-Status.EOPNOTSUPP, rig.perform(SimulatedRequest.of(200, 0, 8)));
    int end = Rig.SIZE / 512;
    assertEquals(-Status.EINVAL, rig.perform(SimulatedRequest.of(SimulatedRequest.READ, end, 1)));
    assertEquals(-Status.EINVAL, rig.perform(SimulatedRequest.of(SimulatedRequest.READ, -1, 1)));
    long overflowing = Long.MAX_VALUE / 512 + 1;
    assertEquals(-Status.EINVAL, rig.perform(SimulatedRequest.write(overflowing, 8, 1)));
    assertEquals(-Status.EINVAL, rig.perform(SimulatedRequest.of(SimulatedRequest.DISCARD, 0, -1)));
    assertEquals(512, rig.perform(SimulatedRequest.of(SimulatedRequest.READ, end - 1, 1)));
  }

  @Test
  void oneSlowRequestHoldsNobodyBack() throws Exception {
    rig.device.hold(Operation.WRITE);
    CompletableFuture<Integer> slow = rig.driver.queue(0).send(SimulatedRequest.write(0, 8, 1));
    Rig.until(() -> rig.device.inFlight() == 1);
    for (int i = 0; i < 100; i++) {
      assertEquals(4096, rig.perform(SimulatedRequest.of(SimulatedRequest.READ, 8, 8)));
    }
    assertFalse(slow.isDone());
    rig.device.release();
    assertEquals(4096, Rig.await(slow));
  }

  @Test
  void moreRequestsThanTheQueueIsDeepWaitForTheirTurn() throws Exception {
    List<CompletableFuture<Integer>> results = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      results.add(rig.driver.queue(i % 2).send(SimulatedRequest.write(i, 1, i)));
    }
    for (CompletableFuture<Integer> result : results) {
      assertEquals(512, Rig.await(result));
    }
    for (int i = 0; i < 1000; i++) {
      SimulatedRequest read = SimulatedRequest.of(SimulatedRequest.READ, i, 1);
      assertEquals(512, rig.perform(read));
      assertEquals((byte) i, read.data()[511]);
    }
  }

  @Test
  void everyRequestIsAnsweredOnceWhateverTheDeviceDoes() throws Exception {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    rig.device.failRandomly(0.1, Status.EIO);
    rig.device.delay(0, 200_000);
    List<CompletableFuture<Integer>> results = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      int operation = random.nextInt(7);
      SimulatedRequest request =
          SimulatedRequest.of(operation, random.nextInt(2100), random.nextInt(140));
      results.add(rig.driver.queue(i % 2).send(request));
    }
    for (CompletableFuture<Integer> result : results) {
      Rig.await(result); // the driver complains about a second answer
    }
    assertEquals(0, rig.device.inFlight(), "seed " + seed);
    Rig.until(() -> rig.driver.queue(0).waiting() == 8 && rig.driver.queue(1).waiting() == 8);
  }

  @Test
  void deviceThatThrowsFailsRequestsAndHangsNothing() throws Exception {
    served.close();
    AtomicBoolean throwing = new AtomicBoolean(true);
    try (ThrowingDevice device = new ThrowingDevice(throwing)) {
      served = UblkDevice.serve(device).reactors(rig.reactors).queues(2).start(rig.driver);
      int first = rig.driver.queues() - 2;
      assertEquals(-Status.EIO, rig.perform(first, SimulatedRequest.write(0, 8, 1)));
      throwing.set(false);
      assertEquals(-Status.EIO, rig.perform(first, SimulatedRequest.write(0, 8, 1)), "no more");
      assertEquals(4096, rig.perform(first + 1, SimulatedRequest.write(0, 8, 1)), "the other");
      served.close();
      assertTrue(rig.driver.queue(first).isClosed());
    }
  }

  private static final class ThrowingDevice extends ForwardingBlockDevice {
    private final AtomicBoolean throwing;

    ThrowingDevice(AtomicBoolean throwing) {
      super(new MemoryDevice(Rig.SIZE));
      this.throwing = throwing;
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      return new ForwardingBlockChannel(delegate().openChannel(reactor, depth, completions)) {
        @Override
        public boolean write(long offset, ScatterList src, int flags, long tag) {
          if (throwing.get()) {
            throw new IllegalStateException("this device was told to throw");
          }
          return super.write(offset, src, flags, tag);
        }
      };
    }
  }
}
