package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawFileDeviceTest {

  private static final int MIB = 1 << 20;
  private static final RawFileOptions READ_ONLY = RawFileOptions.DEFAULT.withReadOnly(true);
  private static final RawFileOptions DIRECT = RawFileOptions.DEFAULT.withDirect(true);

  @TempDir Path directory;
  private Path path;
  private EventLoop loop;

  @BeforeEach
  void openLoop() throws Exception {
    path = directory.resolve("disk");
    loop = Loops.ring();
  }

  @AfterEach
  void closeLoop() {
    loop.close();
  }

  private RawFileDevice create(long size) throws Exception {
    return RawFileDevice.create(path, size, RawFileOptions.DEFAULT);
  }

  private static MemorySegment bytes(int length, int value) {
    return Arena.ofAuto().allocate(length, 4096).fill((byte) value);
  }

  private long allocated() throws Exception {
    try (OpenFile file = OpenFile.open(path, OpenFile.READ_WRITE)) {
      file.sync();
      return file.properties().allocated();
    }
  }

  @Test
  void aSecondWriterIsRefusedUntilTheFirstHasClosed() throws Exception {
    try (RawFileDevice first = create(MIB)) {
      assertEquals(MIB, first.geometry().size());
      BlockDeviceException.Busy e =
          assertThrows(
              BlockDeviceException.Busy.class,
              () -> RawFileDevice.open(path, RawFileOptions.DEFAULT));
      assertTrue(e.toString().contains(path.toString()), e.getMessage());
      assertThrows(BlockDeviceException.Busy.class, () -> RawFileDevice.open(path, READ_ONLY));
    }
    try (RawFileDevice one = RawFileDevice.open(path, READ_ONLY);
        RawFileDevice two = RawFileDevice.open(path, READ_ONLY)) {
      assertEquals(one.capabilities(), two.capabilities());
      assertThrows(
          BlockDeviceException.Busy.class, () -> RawFileDevice.open(path, RawFileOptions.DEFAULT));
    }
    RawFileDevice.open(path, RawFileOptions.DEFAULT).close();
  }

  @Test
  void whatIsNoDiskIsRefusedWithAReason() throws Exception {
    Files.write(path, new byte[513]);
    BlockDeviceException e =
        assertThrows(
            BlockDeviceException.BadFormat.class,
            () -> RawFileDevice.open(path, RawFileOptions.DEFAULT));
    assertTrue(e.toString().contains("513 bytes, expected a multiple of 512"), e.getMessage());
    assertThrows(
        BlockDeviceException.BadFormat.class, () -> RawFileDevice.open(directory, READ_ONLY));
    assertThrows(
        BlockDeviceException.BadFormat.class,
        () -> RawFileDevice.open(Path.of("/dev/null"), RawFileOptions.DEFAULT));
    BlockDeviceException.Io missing =
        assertThrows(
            BlockDeviceException.Io.class,
            () -> RawFileDevice.open(directory.resolve("none"), RawFileOptions.DEFAULT));
    assertEquals(2, missing.errno());
    assertThrows(BlockDeviceException.Io.class, () -> create(MIB), "the file is there");
  }

  @Test
  void aDiskGrowsWhileItIsUsed() throws Exception {
    List<Long> heard = new ArrayList<>();
    try (RawFileDevice device = create(MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      device.addListener(
          new DeviceListener() {
            @Override
            public void sizeChanged(long size) {
              heard.add(size);
            }
          });
      assertEquals(Status.EINVAL, channel.write(MIB, bytes(4096, 1)));
      device.resize(MIB);
      assertThrows(IllegalArgumentException.class, () -> device.resize(MIB - 512));
      assertThrows(IllegalArgumentException.class, () -> device.resize(MIB + 1));
      device.resize(2 * MIB + 512);
      assertEquals(List.of(2L * MIB + 512), heard);
      assertEquals(Status.OK, channel.write(2 * MIB, bytes(512, 1)));
      assertEquals(2 * MIB + 512, Files.size(path));
      assertEquals(1, Files.readAllBytes(path)[2 * MIB + 511]);
    }
  }

  @Test
  void withoutThePageCacheADiskGrowsByWholeStorageBlocks() throws Exception {
    create(MIB).close();
    FileAlignment coarse = new FileAlignment(4096, 4096);
    try (RawFileDevice device = RawFileDevice.open(path, DIRECT, coarse)) {
      BlockDeviceException e =
          assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(MIB + 512));
      assertTrue(e.toString().contains("1049088"), e.getMessage());
      assertTrue(e.toString().contains("multiple of 4096"), e.getMessage());
      assertEquals(MIB, device.geometry().size());
      assertEquals(MIB, Files.size(path));
      device.resize(MIB + 4096);
      assertEquals(MIB + 4096, device.geometry().size());
    }
    Files.write(path, new byte[512], java.nio.file.StandardOpenOption.APPEND);
    assertThrows(
        BlockDeviceException.Unsupported.class, () -> RawFileDevice.open(path, DIRECT, coarse));
    RawFileDevice.open(path, RawFileOptions.DEFAULT, coarse).close();
  }

  @Test
  void aReadOnlyDiskDoesNotGrow() throws Exception {
    create(MIB).close();
    try (RawFileDevice device = RawFileDevice.open(path, READ_ONLY)) {
      assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(2 * MIB));
    }
    assertEquals(MIB, Files.size(path));
  }

  @Test
  void nothingTouchesAFileAfterClosing() throws Exception {
    RawFileDevice device = create(MIB);
    device.close();
    // The descriptor's number is this one's now.
    try (OpenFile other =
        OpenFile.open(directory.resolve("other"), OpenFile.READ_WRITE | OpenFile.CREATE)) {
      device.close();
      assertThrows(BlockDeviceException.Closed.class, () -> device.resize(2 * MIB));
      assertThrows(
          BlockDeviceException.Closed.class, () -> device.extents(0, MIB, (_, _, _) -> true));
      assertThrows(
          BlockDeviceException.Closed.class, () -> device.openChannel(loop, 1, (_, _) -> {}));
      assertEquals(0, other.properties().size());
    }
  }

  @Test
  void aDiscardFreesStorage() throws Exception {
    try (RawFileDevice device = create(8 * MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(0, bytes(4 * MIB, 7)));
      long before = allocated();
      assertTrue(before >= 4 * MIB);
      assertEquals(Status.OK, channel.discard(MIB, 2 * MIB));
      assertEquals(before - 2 * MIB, allocated());
      assertEquals(8 * MIB, Files.size(path));
    }
  }

  @Test
  void zeroesGiveStorageBackUnlessTheyMayNot() throws Exception {
    try (RawFileDevice device = create(8 * MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(0, bytes(4 * MIB, 7)));
      long before = allocated();
      assertEquals(Status.OK, channel.writeZeroes(0, MIB, IoFlags.NO_UNMAP));
      assertEquals(before, allocated());
      assertEquals(Status.OK, channel.writeZeroes(MIB, MIB, 0));
      assertEquals(before - MIB, allocated());
      assertEquals(Status.OK, channel.writeZeroes(4 * MIB, MIB, IoFlags.NO_UNMAP | IoFlags.FUA));
      assertEquals(before, allocated(), "what was a hole has storage now");
      byte[] content = Files.readAllBytes(path);
      byte[] expected = new byte[8 * MIB];
      Arrays.fill(expected, 2 * MIB, 4 * MIB, (byte) 7);
      assertArrayEquals(expected, content);
    }
  }

  @Test
  void extentsAreThoseOfTheFile() throws Exception {
    try (RawFileDevice device = create(8 * MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      assertEquals(Status.OK, channel.write(2 * MIB, bytes(MIB, 7)));
      assertEquals(Status.OK, channel.flush());
      List<String> seen = new ArrayList<>();
      int hole = ExtentVisitor.HOLE | ExtentVisitor.ZERO;
      device.extents(
          MIB, 4 * MIB, (at, length, flags) -> seen.add(at + "+" + length + ":" + flags));
      assertEquals(
          List.of(
              MIB + "+" + MIB + ":" + hole,
              2 * MIB + "+" + MIB + ":0",
              3 * MIB + "+" + 2 * MIB + ":" + hole),
          seen);
      seen.clear();
      device.extents(
          0,
          8 * MIB,
          (at, _, _) -> {
            seen.add("" + at);
            return false;
          });
      assertEquals(List.of("0"), seen);
      device.extents(0, 0, (_, _, _) -> seen.add("nothing to see"));
      assertEquals(1, seen.size());
      assertThrows(
          IllegalArgumentException.class, () -> device.extents(0, 9 * MIB, (_, _, _) -> true));
    }
  }

  @Test
  void aWriteAroundTheCacheIsVisibleThroughIt() throws Exception {
    try (RawFileDevice device = create(4 * MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      MemorySegment back = bytes(MIB, 0);
      assertEquals(Status.OK, channel.write(0, bytes(MIB, 1)));
      assertEquals(Status.OK, channel.write(0, bytes(MIB, 2), IoFlags.BYPASS_CACHE));
      assertEquals(Status.OK, channel.write(512, bytes(512, 3), IoFlags.BYPASS_CACHE));
      assertEquals(Status.OK, channel.read(0, back));
      assertEquals(2, back.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(3, back.get(ValueLayout.JAVA_BYTE, 512));
      assertEquals(2, back.get(ValueLayout.JAVA_BYTE, MIB - 1));
    }
  }

  @Test
  void aFileInThePageCacheIsNeverOpenedAroundIt() throws Exception {
    try (RawFileDevice device = create(4 * MIB);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4);
        Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      assertEquals(Status.OK, channel.write(0, bytes(MIB, 1), IoFlags.BYPASS_CACHE));
      int found = 0;
      for (Path descriptor : open.toList()) {
        if (Files.exists(descriptor) && Files.isSameFile(descriptor, path)) {
          found++;
          String info =
              Files.readString(Path.of("/proc/self/fdinfo").resolve(descriptor.getFileName()));
          long flags = Long.parseLong(info.replaceAll("(?s).*flags:\\s+([0-7]+).*", "$1"), 8);
          assertEquals(0, flags & OpenFile.DIRECT, info);
        }
      }
      assertTrue(found > 0, "the file is open");
    }
  }

  @Test
  void neighboursThatAreWrittenAtOnceInBothWaysKeepTheirContent() throws Exception {
    int piece = 64 * 1024;
    try (RawFileDevice device = create(4 * MIB);
        ChannelDriver cached = ChannelDriver.open(device, loop, 32);
        ChannelDriver dropping = ChannelDriver.open(device, loop, 32)) {
      for (int round = 1; round < 20; round++) {
        for (int i = 0; i < 32; i++) {
          dropping.issue(
              IoRequest.write(
                  2L * i * piece, ScatterList.of(bytes(piece, round)), IoFlags.BYPASS_CACHE));
          cached.issue(IoRequest.write((2L * i + 1) * piece, bytes(512, -round)));
        }
        dropping.awaitAll();
        cached.awaitAll();
        MemorySegment back = bytes(4 * MIB, 0);
        assertEquals(Status.OK, cached.read(0, back));
        for (int i = 0; i < 32; i++) {
          assertEquals(round, back.get(ValueLayout.JAVA_BYTE, 2L * i * piece));
          assertEquals(round, back.get(ValueLayout.JAVA_BYTE, (2L * i + 1) * piece - 1));
          assertEquals(-round, back.get(ValueLayout.JAVA_BYTE, (2L * i + 1) * piece));
        }
      }
    }
  }

  @Test
  void aWriteThatMayNotDropItsPagesIsMadeWithoutThatFromThenOn() throws Exception {
    create(4 * MIB).close();
    List<Integer> seen = new ArrayList<>();
    ScriptedPort.Script script =
        new ScriptedPort.Script() {
          private int flags;

          @Override
          public void wrote(int newFlags) {
            flags = newFlags;
            seen.add(newFlags);
          }

          @Override
          public long transfer(boolean write, long offset, long length) {
            return write && (flags & OpenFile.RWF_DONTCACHE) != 0 ? -Status.EOPNOTSUPP : length;
          }
        };
    try (ScriptedReactor scripted = ScriptedReactor.ring(script);
        RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT);
        ChannelDriver channel = ChannelDriver.open(device, scripted, 4)) {
      boolean knows = device.dropBehind().flag() != 0;
      assertEquals(Status.OK, channel.write(0, bytes(MIB, 1), IoFlags.BYPASS_CACHE));
      assertEquals(Status.OK, channel.write(0, bytes(MIB, 1), IoFlags.BYPASS_CACHE));
      assertEquals(knows ? List.of(OpenFile.RWF_DONTCACHE, 0, 0) : List.of(0, 0), seen);
    }
  }

  @Test
  void pagesAreDroppedWhereTheKernelDoesItRight() {
    for (String release : List.of("6.16.0", "6.18.44-fc-v669", "7.0-rc1", "10.2.3")) {
      assertEquals(OpenFile.RWF_DONTCACHE, new DropBehind(release).flag(), release);
    }
    for (String release : List.of("6.15.11", "6.9.0", "5.20", "", "6", "x.y", "99999.1")) {
      assertEquals(0, new DropBehind(release).flag(), release);
    }
  }

  @Test
  void propertiesFollowFromTheOptions() throws Exception {
    create(MIB).close();
    try (RawFileDevice device = RawFileDevice.open(path, READ_ONLY)) {
      assertTrue(device.capabilities().isEmpty());
    }
    RawFileOptions through = RawFileOptions.DEFAULT.withWriteThrough(true);
    try (RawFileDevice device = RawFileDevice.open(path, through)) {
      assertFalse(device.capabilities().contains(Capability.FLUSH));
      assertTrue(device.capabilities().contains(Capability.FUA));
      assertEquals("RawFileDevice(" + path + ")", device.toString());
    }
    try (RawFileDevice device = RawFileDevice.open(path, DIRECT, FileAlignment.PAGE)) {
      assertEquals(4096, device.geometry().physicalBlockSize());
      assertEquals(512, device.geometry().logicalBlockSize());
      assertEquals(4096, device.geometry().memoryAlignment());
    }
  }

  @Test
  void aChannelThatCannotBeMadeLeavesTheDeviceClosable() throws Exception {
    RawFileDevice device = create(MIB);
    assertThrows(
        NegativeArraySizeException.class, () -> device.openChannel(loop, -1, (_, _) -> {}));
    device.close();
  }
}
