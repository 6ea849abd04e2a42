package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ChannelDriverTest {

  private final VirtualLoop loop = new VirtualLoop();
  private final ModelBlockDevice device = new ModelBlockDevice(65536);
  private final MemorySegment block = Arena.ofAuto().allocate(512);

  @Test
  void issuingWaitsForRoom() throws Exception {
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 2)) {
      List<IoRequest> requests = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        requests.add(channel.issue(IoRequest.flush()));
        assertTrue(channel.inFlight() <= 2);
      }
      assertEquals(channel.inFlight(), channel.requestsInFlight().size());
      channel.submit();
      channel.awaitAll();
      assertTrue(requests.stream().allMatch(IoRequest::isDone));
    }
  }

  @Test
  void aRefusedRequestCanBeOfferedAgain() throws Exception {
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      channel.issue(IoRequest.flush());
      IoRequest second = IoRequest.flush();
      assertFalse(channel.offer(second));
      assertFalse(second.isAccepted());
      channel.submit();
      channel.awaitAll();
      assertTrue(channel.offer(second));
      assertThrows(IllegalStateException.class, second::status);
      assertThrows(IllegalStateException.class, () -> channel.offer(second));
    }
  }

  @Test
  void whatACallbackThrowsIsReported() throws Exception {
    ChannelDriver channel = ChannelDriver.open(device, loop, 1);
    channel.issue(
        IoRequest.flush()
            .then(
                _ -> {
                  throw new IllegalStateException("in the callback");
                }));
    channel.submit();
    Expect.failure(AssertionError.class, "in the callback", channel::awaitAll);
    Expect.failure(AssertionError.class, "in the callback", channel::close);
    assertTrue(channel.isClosed(), "closed all the same");
  }

  @Test
  void aNegativeStatusIsAViolation() throws Exception {
    BlockDevice broken =
        new ForwardingBlockDevice(device) {
          @Override
          public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler done)
              throws IOException {
            return super.openChannel(reactor, depth, (tag, _) -> done.completed(tag, -5));
          }
        };
    ChannelDriver channel = ChannelDriver.open(broken, loop, 1);
    Expect.failure(AssertionError.class, "status -5", channel::flush);
  }

  @Test
  void waitingForALostCompletionEndsWithAMessage() throws Exception {
    LoopDriver driver = new LoopDriver(loop, Duration.ofMillis(50));
    FaultyBlockDevice stuck = new FaultyBlockDevice(device, 1);
    stuck.hold();
    try (ChannelDriver channel = ChannelDriver.open(stuck, driver, 1)) {
      Expect.failure(
          AssertionError.class,
          "gave up waiting for the completion of READ of 512 bytes at 1024",
          () -> channel.read(1024, block));
      assertEquals(1, channel.inFlight());
    }
  }

  @Test
  void blockingCallsRunBesideTheLoop() throws Exception {
    LoopDriver driver = new LoopDriver(loop);
    ChannelDriver channel = ChannelDriver.open(device, driver, 4);
    channel.issue(IoRequest.flush());
    channel.submit();
    channel.closeLater(() -> {});
    driver.run(device::close);
    assertTrue(channel.isClosed());
    assertEquals("value", driver.call(() -> "value"));
    Expect.failure(
        IOException.class,
        "from the call",
        () ->
            driver.run(
                () -> {
                  throw new IOException("from the call");
                }));
  }

  @Test
  void blockingCallsThatDoNotReturnAreGivenUp() {
    LoopDriver driver = new LoopDriver(loop, Duration.ofMillis(50));
    CountDownLatch never = new CountDownLatch(1);
    Expect.failure(AssertionError.class, "does not return", () -> driver.run(never::await));
    never.countDown();
  }

  @Test
  void requestsDescribeThemselves() throws Exception {
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      IoRequest request = IoRequest.writeZeroes(512, 1024, 3);
      assertEquals("WRITE_ZEROES of 1024 bytes at 512, flags 3", request.toString());
      assertEquals(Status.OK, channel.run(request));
      assertEquals("WRITE_ZEROES of 1024 bytes at 512, flags 3, OK", request.toString());
      assertEquals("FLUSH", IoRequest.flush().toString());
    }
  }
}
