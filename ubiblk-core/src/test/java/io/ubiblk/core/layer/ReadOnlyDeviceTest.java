package io.ubiblk.core.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.ForwardingCheck;
import io.ubiblk.testkit.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class ReadOnlyDeviceTest {

  private static final int SIZE = 1 << 20;
  private final MemorySegment memory = Arena.ofAuto().allocate(4096).fill((byte) 7);

  @Test
  void everyChangeIsRefusedAndChangesNothing() throws Exception {
    try (EventLoop loop = Loops.ring();
        ReadOnlyDevice device = new ReadOnlyDevice(new MemoryDevice(SIZE));
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertTrue(device.capabilities().isEmpty());
      assertEquals(Status.EROFS, channel.write(0, memory));
      assertEquals(Status.EROFS, channel.write(0, memory, IoFlags.FUA));
      assertEquals(Status.EROFS, channel.discard(0, SIZE));
      assertEquals(Status.EROFS, channel.writeZeroes(0, SIZE, 0));
      assertEquals(Status.OK, channel.flush());
      assertEquals(Status.OK, channel.prefetch(0, SIZE));
      assertEquals(Status.OK, channel.read(0, memory));
      assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 0));
      assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(2 * SIZE));
      device.resize(SIZE);
      assertThrows(IllegalArgumentException.class, () -> device.resize(SIZE - 512));
      assertThrows(IllegalArgumentException.class, () -> device.resize(SIZE + 1));
    }
  }

  @Test
  void closingIsTriedAgainIfTheDeviceBelowStayedOpen() throws Exception {
    try (EventLoop loop = Loops.ring()) {
      MemoryDevice below = new MemoryDevice(SIZE);
      ReadOnlyDevice device = new ReadOnlyDevice(below);
      try (ChannelDriver other = ChannelDriver.open(below, loop, 4)) {
        assertThrows(IllegalStateException.class, device::close);
        assertEquals(Status.OK, other.read(0, memory));
      }
      device.close();
      assertThrows(BlockDeviceException.Closed.class, () -> ChannelDriver.open(below, loop, 4));
    }
  }

  @Test
  void closingTheDeviceWaitsForItsRefusals() throws Exception {
    try (EventLoop loop = Loops.ring()) {
      ReadOnlyDevice device = new ReadOnlyDevice(new MemoryDevice(SIZE));
      ChannelDriver channel = ChannelDriver.open(device, loop, 4);
      IoRequest refused = channel.issue(IoRequest.write(0, memory));
      channel.closeLater(() -> {});
      FutureTask<Boolean> closing =
          new FutureTask<>(
              () -> {
                device.close();
                return true;
              });
      Thread thread = Thread.ofPlatform().start(closing);
      assertFalse(thread.join(Duration.ofMillis(20)), "closed before the refusal");
      channel.close();
      assertTrue(closing.get());
      assertEquals(Status.EROFS, refused.status());
    }
  }

  @Test
  void anOpenChannelKeepsTheDeviceOpen() throws Exception {
    try (EventLoop loop = Loops.ring()) {
      ReadOnlyDevice device = new ReadOnlyDevice(new MemoryDevice(SIZE));
      ChannelDriver channel = ChannelDriver.open(device, loop, 4);
      assertThrows(IllegalStateException.class, device::close);
      assertEquals(Status.OK, channel.read(0, memory));
      channel.close();
      device.close();
      assertThrows(BlockDeviceException.Closed.class, () -> ChannelDriver.open(device, loop, 4));
    }
  }

  @Test
  void everythingElseIsForwarded() {
    ForwardingCheck.ofDevice(ReadOnlyDevice::new, "openChannel", "capabilities", "resize");
  }
}
