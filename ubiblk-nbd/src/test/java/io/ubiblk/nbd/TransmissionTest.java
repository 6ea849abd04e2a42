package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.RecordingBlockDevice;
import io.ubiblk.testkit.RequestEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every command, in every style of replies. */
class TransmissionTest {

  @TempDir Path folder;

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static List<RequestEvent> changes(RecordingBlockDevice device) {
    return device.requests().stream().filter(r -> r.operation() != Operation.READ).toList();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsWrittenIsRead(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      for (int length : new int[] {512, 4096, 65536 - 512, 1 << 20, 3 << 20}) {
        byte[] data = random(length);
        assertEquals(0, client.write(512, data));
        assertArrayEquals(data, client.read(512, length));
        assertArrayEquals(data, client.read(512, length, style.hasChunks() ? 4 : 0));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void readsMayBeginAndEndAnywhere(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      byte[] data = random(16384);
      client.write(0, data);
      for (int from : new int[] {0, 1, 511, 513, 4095}) {
        for (int length : new int[] {1, 2, 511, 512, 513, 9000}) {
          byte[] expected = Arrays.copyOfRange(data, from, from + length);
          assertArrayEquals(expected, client.read(from, length));
        }
      }
      assertEquals(1, client.read(Rig.SIZE - 1, 1).length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void emptyRequestsSucceedAndTouchNothing(ReplyStyle style) throws IOException {
    RecordingBlockDevice device = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      for (int command : new int[] {0, 1, 4, 5, 6}) {
        assertEquals(0, client.command(command, 0, 512, 0));
        assertEquals(0, client.command(command, 0, Rig.SIZE, 0));
      }
      assertEquals(List.of(), device.requests());
    }
  }

  @ParameterizedTest
  @EnumSource
  void zeroesAreZeroes(ReplyStyle style) throws IOException {
    RecordingBlockDevice device = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      client.write(0, random(65536));
      device.forget();
      assertEquals(0, client.command(Command.WRITE_ZEROES, 0, 512, 4096));
      assertEquals(0, client.command(Command.WRITE_ZEROES, Command.FLAG_NO_HOLE, 8192, 4096));
      assertEquals(0, client.command(Command.WRITE_ZEROES, Command.FLAG_FAST_ZERO, 16384, 512));
      assertEquals(0, client.command(Command.WRITE_ZEROES, Command.FLAG_FUA, 20480, 512));
      assertEquals(
          List.of(
              new RequestEvent(Operation.WRITE_ZEROES, 512, 4096, 0),
              new RequestEvent(Operation.WRITE_ZEROES, 8192, 4096, IoFlags.NO_UNMAP),
              new RequestEvent(Operation.WRITE_ZEROES, 16384, 512, 0),
              new RequestEvent(Operation.WRITE_ZEROES, 20480, 512, IoFlags.FUA)),
          device.requests());
      byte[] expected = random(65536);
      Arrays.fill(expected, 512, 4608, (byte) 0);
      Arrays.fill(expected, 8192, 12288, (byte) 0);
      Arrays.fill(expected, 16384, 16896, (byte) 0);
      Arrays.fill(expected, 20480, 20992, (byte) 0);
      assertArrayEquals(expected, client.read(0, 65536));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDeviceThatCannotZeroIsWrittenZeros(ReplyStyle style) throws IOException {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    LimitedDevice device = new LimitedDevice(recorded).without(Capability.WRITE_ZEROES);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      byte[] data = random(3 << 20);
      client.write(0, data);
      assertEquals(95, client.command(Command.WRITE_ZEROES, Command.FLAG_FAST_ZERO, 0, 512));
      assertArrayEquals(data, client.read(0, data.length));
      assertEquals(0, client.command(Command.WRITE_ZEROES, 0, 512, (2 << 20) + 1024));
      Arrays.fill(data, 512, (2 << 20) + 1536, (byte) 0);
      assertArrayEquals(data, client.read(0, data.length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void hintsAreRoundedToBlocks(ReplyStyle style) throws IOException {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    try (Rig rig = new Rig(folder, recorded);
        NbdClient client = rig.open(style)) {
      assertEquals(0, client.command(Command.TRIM, 0, 100, 1500));
      assertEquals(0, client.command(Command.TRIM, 0, 100, 500));
      assertEquals(0, client.command(Command.CACHE, 0, 100, 1000));
      assertEquals(
          List.of(
              new RequestEvent(Operation.DISCARD, 512, 1024, 0),
              new RequestEvent(Operation.PREFETCH, 0, 1536, 0)),
          recorded.requests());
    }
  }

  @ParameterizedTest
  @EnumSource
  void forcedChangesAreFlushedWhereTheDeviceCannotForce(ReplyStyle style) throws IOException {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    LimitedDevice device = new LimitedDevice(recorded).without(Capability.FUA);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      int fua = Command.FLAG_FUA;
      assertEquals(0, client.command(Command.WRITE, fua, 0, 512, new byte[512]));
      assertEquals(0, client.command(Command.WRITE_ZEROES, fua, 0, 512));
      assertEquals(0, client.command(Command.TRIM, fua, 0, 512));
      assertEquals(0, client.command(Command.CACHE, fua, 0, 512));
      assertEquals(0, client.command(Command.FLUSH, fua, 0, 0));
      RequestEvent flush = new RequestEvent(Operation.FLUSH, 0, 0, 0);
      assertEquals(
          List.of(
              new RequestEvent(Operation.WRITE, 0, 512, 0),
              flush,
              new RequestEvent(Operation.WRITE_ZEROES, 0, 512, 0),
              flush,
              new RequestEvent(Operation.DISCARD, 0, 512, 0),
              flush,
              new RequestEvent(Operation.PREFETCH, 0, 512, 0),
              flush),
          recorded.requests());
    }
  }

  @Test
  void forcedWritesAreForcedWhereTheDeviceCan() throws IOException {
    RecordingBlockDevice device = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      assertEquals(0, client.command(Command.WRITE, Command.FLAG_FUA, 0, 512, new byte[512]));
      assertEquals(
          List.of(new RequestEvent(Operation.WRITE, 0, 512, IoFlags.FUA)), changes(device));
    }
  }

  @ParameterizedTest
  @EnumSource
  void requestsLongerThanTheDeviceTakesAreSplit(ReplyStyle style) throws IOException {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(Rig.SIZE)).withMaxTransfer(8192);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      byte[] data = random(100 * 1024);
      assertEquals(0, client.write(512, data));
      assertArrayEquals(data, client.read(512, data.length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyRefusalHasItsError(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      assertEquals(22, client.command(8, 0, 0, 512), "unknown command");
      assertEquals(22, client.command(65535, 0, 0, 512), "unknown command");
      assertEquals(22, client.command(Command.READ, 1 << 9, 0, 512), "unknown flag");
      assertEquals(22, client.command(Command.READ, Command.FLAG_NO_HOLE, 0, 512));
      assertEquals(22, client.command(Command.TRIM, Command.FLAG_FAST_ZERO, 0, 512));
      assertEquals(22, client.command(Command.FLUSH, Command.FLAG_REQ_ONE, 0, 0));
      assertEquals(22, client.command(Command.FLUSH, 0, 512, 0), "flush of a range");
      assertEquals(22, client.command(Command.FLUSH, 0, 0, 512), "flush of a range");
      assertEquals(22, client.command(Command.READ, 0, Rig.SIZE, 1), "outside");
      assertEquals(22, client.command(Command.READ, 0, -512, 1024), "outside");
      assertEquals(22, client.command(Command.TRIM, 0, Rig.SIZE - 512, 1024), "outside");
      assertEquals(22, client.command(Command.CACHE, 0, Rig.SIZE - 512, 1024), "outside");
      assertEquals(28, client.write(Rig.SIZE - 512, new byte[1024]), "outside");
      assertEquals(28, client.write(Long.MAX_VALUE - 511, new byte[512]), "outside");
      assertEquals(28, client.command(Command.WRITE_ZEROES, 0, Rig.SIZE, 512), "outside");
      assertEquals(
          style.hasChunks() ? 0 : 22,
          client.command(Command.READ, Command.FLAG_DF, 0, 512),
          "DF without chunks");
      if (!style.hasChunks()) {
        assertEquals(22, client.command(Command.BLOCK_STATUS, 0, 0, 512), "no context");
      } else {
        assertEquals(22, client.command(Command.BLOCK_STATUS, 0, 0, 0), "empty");
        assertEquals(22, client.command(Command.BLOCK_STATUS, 0, Rig.SIZE, 512), "outside");
      }
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void tooLongReadsAndWritesAreRefused(ReplyStyle style) throws IOException {
    try (Rig rig =
            new Rig(
                folder,
                new MemoryDevice(128 << 20),
                b -> b.limits(NbdLimits.DEFAULT.withLargestRequest(1 << 20)));
        NbdClient client = rig.open(style)) {
      assertEquals(22, client.command(Command.READ, 0, 0, (1 << 20) + 512));
      assertEquals(22, client.write(0, new byte[(1 << 20) + 512]));
      assertEquals(22, client.write(0, new byte[40 << 20]));
      assertEquals(0, client.command(Command.WRITE_ZEROES, 0, 0, 128 << 20));
      assertEquals(0, client.command(Command.TRIM, 0, 0, 128 << 20));
      client.request(Command.WRITE, 0, 1, 0, (64 << 20) + 512);
      assertTrue(client.isClosed());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDevicesErrorsReachTheClient(ReplyStyle style) throws IOException {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      int[][] errors = {
        {Status.EIO, 5},
        {Status.ENOSPC, 28},
        {122, 28},
        {Status.ENOMEM, 12},
        {Status.EROFS, 1},
        {Status.EOPNOTSUPP, 22},
        {Status.ETIMEDOUT, 5},
        {71, 5}
      };
      for (int[] pair : errors) {
        device.failNext(Operation.WRITE, pair[0], 1);
        assertEquals(pair[1], client.write(0, new byte[512]));
        device.failNext(Operation.READ, pair[0], 1);
        assertEquals(pair[1], client.command(Command.READ, 0, 0, 4096));
        device.failNext(Operation.FLUSH, pair[0], 1);
        assertEquals(pair[1], client.command(Command.FLUSH, 0, 0, 0));
      }
      device.failNext(Operation.WRITE_ZEROES, Status.EOPNOTSUPP, 2);
      assertEquals(95, client.command(Command.WRITE_ZEROES, Command.FLAG_FAST_ZERO, 0, 512));
      assertEquals(22, client.command(Command.WRITE_ZEROES, 0, 0, 512));
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReadOnlyDeviceIsServedReadOnly(ReplyStyle style) throws IOException {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(Rig.SIZE)).with(Set.of());
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      // HAS_FLAGS, READ_ONLY, FLUSH, FUA, MULTI_CONN, CACHE
      int expected = 0x1 | 0x2 | 0x4 | 0x8 | 0x100 | 0x400 | (style.hasChunks() ? 0x80 : 0);
      assertEquals(expected, client.flags);
      assertEquals(1, client.write(0, new byte[512]));
      assertEquals(1, client.command(Command.TRIM, 0, 0, 512));
      assertEquals(1, client.command(Command.WRITE_ZEROES, Command.FLAG_FAST_ZERO, 0, 512));
      assertEquals(0, client.command(Command.FLUSH, 0, 0, 0));
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void aDeviceWithoutDiscardOffersNone() throws IOException {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(Rig.SIZE));
    device.with(EnumSet.of(Capability.WRITE));
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      assertEquals(0, client.flags & 0x20);
      assertEquals(22, client.command(Command.TRIM, 0, 0, 512));
    }
  }

  @ParameterizedTest
  @EnumSource
  void repliesCarryTheirCookiesInAnyOrder(ReplyStyle style) throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      device.hold(Operation.WRITE);
      client.request(Command.WRITE, 0, -1L, 0, 512, new byte[512]);
      client.request(Command.FLUSH, 0, 0x8000000000000001L, 0, 0);
      assertEquals(0x8000000000000001L, client.readChunk(0).cookie());
      device.release();
      assertEquals(-1L, client.readChunk(0).cookie());
    }
  }

  @ParameterizedTest
  @EnumSource
  void disconnectingWaitsForWhatIsInFlight(ReplyStyle style) throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      device.hold(Operation.FLUSH);
      client.request(Command.FLUSH, 0, 5, 0, 0);
      client.request(Command.DISCONNECT, 0, 6, 0, 0);
      Await.until(() -> device.inFlight() == 1);
      device.release();
      assertEquals(5, client.readChunk(0).cookie());
      assertTrue(client.isClosed());
      rig.settle();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClientThatSendsNoMoreGetsItsReplies(ReplyStyle style) throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      device.hold();
      client.request(Command.FLUSH, 0, 5, 0, 0);
      client.request(Command.WRITE_ZEROES, 0, 6, 0, 512);
      // This one is not complete, and never will be.
      client.request(Command.WRITE, 0, 7, 0, 512, new byte[100]);
      client.finishSending();
      Await.until(() -> device.inFlight() == 2);
      device.release();
      List<Long> answered = List.of(client.readChunk(0).cookie(), client.readChunk(0).cookie());
      assertEquals(Set.of(5L, 6L), Set.copyOf(answered));
      assertTrue(client.isClosed());
    }
  }

  @Test
  void aWrongMagicEndsTheConnectionAndNoOther() throws Exception {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(ReplyStyle.EXTENDED);
        NbdClient other = rig.open(ReplyStyle.EXTENDED)) {
      client.style = ReplyStyle.SIMPLE;
      client.request(Command.READ, 0, 1, 0, 512);
      client.send(new byte[4]);
      assertTrue(client.isClosed());
      assertEquals(512, other.read(0, 512).length);
    }
  }
}
