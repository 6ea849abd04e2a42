package io.ubiblk.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.ChannelDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryDeviceTest {

  private static final int PIECE = 64 * 1024;
  private final MemorySegment memory = Arena.ofAuto().allocate(4 * PIECE).fill((byte) 7);

  @Test
  void memoryIsTakenWhereItIsWritten() throws Exception {
    try (EventLoop loop = Loops.ring();
        MemoryDevice device = new MemoryDevice(1L << 40);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(PIECE + 512, memory.asSlice(0, 512)));
      assertEquals(Status.OK, channel.write((1L << 40) - 512, memory.asSlice(0, 512)));
      assertEquals(Status.OK, channel.writeZeroes(8 * PIECE, 1L << 30, 0));
      List<String> seen = new ArrayList<>();
      int hole = ExtentVisitor.HOLE | ExtentVisitor.ZERO;
      device.extents(
          512, 4 * PIECE, (at, length, flags) -> seen.add(at + "+" + length + ":" + flags));
      assertEquals(
          List.of(
              "512+" + (PIECE - 512) + ":" + hole,
              PIECE + "+" + PIECE + ":0",
              2 * PIECE + "+" + (2 * PIECE + 512) + ":" + hole),
          seen);
    }
  }

  @Test
  void contentSurvivesGrowing() throws Exception {
    try (EventLoop loop = Loops.ring();
        MemoryDevice device = new MemoryDevice(512);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(0, memory.asSlice(0, 512)));
      device.resize(3 * PIECE + 512);
      assertThrows(IllegalArgumentException.class, () -> device.resize(3 * PIECE));
      assertThrows(IllegalArgumentException.class, () -> device.resize(4 * PIECE + 1));
      MemorySegment back = Arena.ofAuto().allocate(3 * PIECE + 512).fill((byte) 1);
      assertEquals(Status.OK, channel.read(0, back));
      assertEquals(7, back.get(ValueLayout.JAVA_BYTE, 511));
      assertEquals(-1, back.asSlice(512).mismatch(Arena.ofAuto().allocate(3 * PIECE)));
    }
  }

  @Test
  void sizesBeyondTheIndexAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new MemoryDevice(1L << 50));
    assertThrows(IllegalArgumentException.class, () -> new MemoryDevice(513));
  }

  @Test
  void aNullDeviceAnswersAndKeepsNothing() throws Exception {
    try (EventLoop loop = Loops.ring();
        BlockDevice device = new NullDevice(1 << 20);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(0, memory));
      MemorySegment back = Arena.ofAuto().allocate(512).fill((byte) 3);
      assertEquals(Status.OK, channel.read(0, back));
      assertEquals(3, back.get(ValueLayout.JAVA_BYTE, 0), "reads leave the memory as it is");
      assertEquals(Status.EINVAL, channel.read(1 << 20, back));
      assertEquals(Status.OK, channel.discard(0, 1 << 20));
      assertFalse(device.capabilities().contains(Capability.FLUSH));
      device.resize(2 << 20);
      assertEquals(Status.OK, channel.read(1 << 20, back));
    }
  }

  @Test
  void aClosedDeviceGivesNoChannel() throws Exception {
    MemoryDevice device = new MemoryDevice(512);
    device.close();
    device.close();
    try (EventLoop loop = Loops.ring()) {
      assertThrows(
          BlockDeviceException.Closed.class, () -> device.openChannel(loop, 1, (_, _) -> {}));
    }
  }
}
