package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.Root;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.ChannelDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loop device; skipped where none can be made. */
class BlockSpecialFileTest {

  private static final int MIB = 1 << 20;

  @TempDir static Path directory;
  private Path backing;
  private Path path;

  @BeforeEach
  void attach() throws Exception {
    backing = directory.resolve("backing" + System.nanoTime());
    RawFileDevice.create(backing, 8 * MIB, RawFileOptions.DEFAULT).close();
    path = Path.of(Root.run("losetup", "--find", "--show", backing.toString()));
  }

  @AfterEach
  void detach() throws Exception {
    if (path != null) {
      Root.run("losetup", "--detach", path.toString());
    }
  }

  private long allocated() throws Exception {
    try (OpenFile file = OpenFile.open(backing, OpenFile.READ_WRITE)) {
      file.sync();
      return file.properties().allocated();
    }
  }

  @Test
  void aBlockDeviceIsReadWrittenAndTrimmed() throws Exception {
    for (boolean direct : new boolean[] {false, true}) {
      RawFileOptions options = RawFileOptions.DEFAULT.withDirect(direct);
      try (EventLoop loop = Loops.ring();
          RawFileDevice device = RawFileDevice.open(path, options);
          ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
        assertEquals(8 * MIB, device.geometry().size());
        MemorySegment memory = Arena.ofAuto().allocate(4 * MIB, 4096).fill((byte) 7);
        assertEquals(Status.OK, channel.write(MIB, memory));
        assertEquals(Status.OK, channel.write(512, memory.asSlice(100, 512)));
        assertEquals(Status.OK, channel.flush());
        long before = allocated();
        assertEquals(Status.OK, channel.discard(2 * MIB, 2 * MIB));
        assertEquals(Status.OK, channel.writeZeroes(MIB, 512, 0));
        assertEquals(Status.OK, channel.flush());
        assertTrue(allocated() <= before - 2 * MIB + 8192, "nothing was freed");
        assertEquals(Status.OK, channel.read(0, memory));
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 511));
        assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, 1023));
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, MIB));
        assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, MIB + 512));
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 2 * MIB));
        assertEquals(Status.EINVAL, channel.read(8 * MIB, memory));
      }
    }
  }

  @Test
  void aBlockDeviceGrowsAfterItsStorage() throws Exception {
    try (EventLoop loop = Loops.ring();
        RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      BlockDeviceException e =
          assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(16 * MIB));
      assertTrue(e.toString().contains("8388608"), e.getMessage());
      try (OpenFile file = OpenFile.open(backing, OpenFile.READ_WRITE)) {
        file.truncate(16 * MIB);
      }
      Root.run("losetup", "--set-capacity", path.toString());
      device.resize(16 * MIB);
      MemorySegment memory = Arena.ofAuto().allocate(4096);
      assertEquals(Status.OK, channel.write(16 * MIB - 4096, memory));
    }
  }

  @Test
  void whatIsKnownOfABlockDeviceIsThatItHoldsData() throws Exception {
    try (RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT)) {
      long[] seen = new long[3];
      device.extents(
          512,
          MIB,
          (at, length, flags) -> {
            seen[0] = at;
            seen[1] = length;
            seen[2] = flags;
            return true;
          });
      assertEquals(512, seen[0]);
      assertEquals(MIB, seen[1]);
      assertEquals(0, seen[2]);
      assertThrows(
          BlockDeviceException.Busy.class, () -> RawFileDevice.open(path, RawFileOptions.DEFAULT));
    }
  }
}
