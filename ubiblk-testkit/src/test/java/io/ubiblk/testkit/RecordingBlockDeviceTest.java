package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RecordingBlockDeviceTest {

  private final VirtualLoop loop = new VirtualLoop();
  private final RecordingBlockDevice device = new RecordingBlockDevice(new ModelBlockDevice(65536));
  private final MemorySegment block = Arena.ofAuto().allocate(512);

  @Test
  void requestsAndTheirOutcomesAreRemembered() throws Exception {
    try (ChannelDriver first = ChannelDriver.open(device, loop, 4);
        ChannelDriver second = ChannelDriver.open(device, loop, 4)) {
      first.write(512, block, IoFlags.FUA);
      second.read(1, block);
      second.flush();
    }
    assertEquals(
        List.of(
            new RecordingBlockDevice.Entry(
                0,
                new RequestEvent(Operation.WRITE, 512, 512, IoFlags.FUA),
                OptionalInt.of(Status.OK)),
            new RecordingBlockDevice.Entry(
                1, new RequestEvent(Operation.READ, 1, 512, 0), OptionalInt.of(Status.EINVAL)),
            new RecordingBlockDevice.Entry(
                1, new RequestEvent(Operation.FLUSH, 0, 0, 0), OptionalInt.of(Status.OK))),
        device.entries());
    assertEquals(1, device.flushes());
    assertEquals(2, device.channelsOpened());
  }

  @Test
  void requestsInFlightAreCounted() throws Exception {
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      channel.issue(IoRequest.discard(0, 512));
      channel.issue(IoRequest.prefetch(0, 512));
      assertEquals(2, device.inFlight());
      assertEquals(OptionalInt.empty(), device.entries().getFirst().status());
      assertThrows(IllegalStateException.class, device::forget);
      channel.submit();
      channel.awaitAll();
      channel.writeZeroes(0, 512, 0);
      assertEquals(0, device.inFlight());
      assertEquals(2, device.mostInFlight());
      device.forget();
      assertEquals(List.of(), device.entries());
    }
  }

  @Test
  void refusedCloseIsNotCounted() throws Exception {
    ChannelDriver channel = ChannelDriver.open(device, loop, 4);
    assertThrows(IllegalStateException.class, device::close);
    assertEquals(0, device.closes());
    channel.close();
    device.close();
    assertEquals(1, device.closes());
  }
}
