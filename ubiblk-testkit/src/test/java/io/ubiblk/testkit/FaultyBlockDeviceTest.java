package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultyBlockDeviceTest {

  private static final int ENETDOWN = 100;

  private final VirtualLoop loop = new VirtualLoop();
  private final RecordingBlockDevice recorder =
      new RecordingBlockDevice(new ModelBlockDevice(65536));
  private final FaultyBlockDevice device = new FaultyBlockDevice(recorder, 5);
  private final MemorySegment block = Arena.ofAuto().allocate(512);
  private final ChannelDriver channel = open();

  private ChannelDriver open() {
    try {
      return ChannelDriver.open(device, loop, 16);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws Exception {
    channel.close();
    device.close();
  }

  @Test
  void theNextRequestsOfAKindFail() {
    device.failNext(Operation.FLUSH, ENETDOWN, 2);
    assertEquals(Status.OK, channel.read(0, block));
    assertEquals(ENETDOWN, channel.flush());
    assertEquals(ENETDOWN, channel.flush());
    assertEquals(Status.OK, channel.flush());
    assertEquals(2, device.injected());
    assertEquals(1, recorder.flushes(), "a failed request does not reach the device below");
  }

  @Test
  void aPredicateThatThrowsCostsNoRoom() {
    device.failWhen(
        _ -> {
          throw new IllegalStateException("on purpose");
        },
        Status.EIO);
    for (int i = 0; i < 100; i++) {
      assertThrows(IllegalStateException.class, () -> channel.channel().flush(1));
    }
    assertEquals(0, device.inFlight());
    device.clear();
    assertEquals(Status.OK, channel.flush());
    assertEquals(Status.OK, channel.read(0, block));
  }

  @Test
  void failuresMaySkipRequests() {
    device.failAfter(2, Status.EIO, 1);
    assertEquals(Status.OK, channel.flush());
    assertEquals(Status.OK, channel.read(0, block));
    assertEquals(Status.EIO, channel.write(0, block));
    assertEquals(Status.OK, channel.write(0, block));
  }

  @Test
  void aRangeFailsUntilCleared() {
    device.failRange(1024, 512, Status.ENOSPC);
    assertEquals(Status.OK, channel.write(512, block));
    assertEquals(Status.ENOSPC, channel.write(1024, block));
    assertEquals(Status.ENOSPC, channel.discard(0, 65536));
    assertEquals(Status.OK, channel.write(1536, block));
    assertEquals(Status.OK, channel.flush());
    device.clear();
    assertEquals(Status.OK, channel.write(1024, block));
  }

  @Test
  void aShareOfTheRequestsFailsByChance() {
    device.failRandomly(0.25, Status.EIO);
    int failed = 0;
    for (int i = 0; i < 1000; i++) {
      failed += channel.read(0, block) == Status.EIO ? 1 : 0;
    }
    assertTrue(failed > 150 && failed < 350, failed + " of 1000 failed");
    assertEquals(failed, device.injected());
  }

  @Test
  void whatMustBeRefusedIsLeftToTheDeviceBelow() {
    device.failRandomly(1, Status.EIO);
    assertEquals(Status.EINVAL, channel.read(1, block));
    assertEquals(Status.EINVAL, channel.discard(0, 1 << 20));
    assertEquals(0, device.injected());
  }

  @Test
  void delaysReorderCompletionsAndTakeVirtualTime() {
    device.delay(1_000_000, 9_000_000);
    List<Long> order = new ArrayList<>();
    long start = loop.nanoTime();
    for (long i = 0; i < 16; i++) {
      channel.issue(IoRequest.flush().withTag(i).then(r -> order.add(r.tag())));
    }
    channel.submit();
    channel.awaitAll();
    assertTrue(loop.nanoTime() - start >= 1_000_000, "time passed");
    assertNotEquals(order.stream().sorted().toList(), order);
  }

  @Test
  void whatIsHeldUpWaitsForItsRelease() {
    device.hold(Operation.WRITE);
    IoRequest write = channel.issue(IoRequest.write(0, block));
    channel.submit();
    assertEquals(Status.OK, channel.read(512, block));
    assertFalse(write.isDone());
    assertEquals(0, recorder.requests(Operation.WRITE).size());
    assertEquals(1, device.inFlight());
    device.release();
    assertEquals(Status.OK, channel.await(write));
    assertEquals(0, device.inFlight());
  }

  @Test
  void closingCancelsWhatIsHeldUp() {
    device.hold();
    IoRequest flush = channel.issue(IoRequest.flush());
    channel.submit();
    channel.close();
    assertEquals(Status.ECANCELED, flush.status());
  }

  @Test
  void closingCancelsWhatIsDelayedAndDeliversWhatIsDone() {
    device.delay(1_000_000_000, 2_000_000_000);
    List<IoRequest> flushes = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      flushes.add(channel.issue(IoRequest.flush()));
    }
    channel.submit();
    for (int i = 0; i < 100; i++) {
      loop.turn();
    }
    long start = loop.nanoTime();
    channel.close();
    assertTrue(loop.nanoTime() - start < 1_000_000_000, "closing does not wait for delays");
    List<Integer> statuses = flushes.stream().map(IoRequest::status).distinct().sorted().toList();
    assertEquals(List.of(Status.OK, Status.ECANCELED), statuses);
  }
}
