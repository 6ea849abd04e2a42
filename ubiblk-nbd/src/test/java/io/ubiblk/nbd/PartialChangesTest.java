package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.RecordingBlockDevice;
import io.ubiblk.testkit.RequestEvent;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes and zeroes that begin or end within a block. */
@Timeout(120)
class PartialChangesTest {

  private static final int SIZE = 1 << 20;
  private static final int ROUNDS = 300;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"SIMPLE, 512", "STRUCTURED, 4096", "EXTENDED, 512"})
  void everyByteIsWhereItWasWritten(ReplyStyle style, int block) throws Exception {
    for (boolean able : new boolean[] {true, false}) {
      LimitedDevice device = new LimitedDevice(new MemoryDevice(SIZE)).withBlockSize(block);
      if (!able) {
        device.without(Capability.WRITE_ZEROES, Capability.FUA);
      }
      try (Rig rig = new Rig(folder, device);
          NbdClient client = rig.open(style)) {
        byte[] expected = client.read(0, SIZE);
        Seeds.check(
            random -> {
              for (int i = 0; i < ROUNDS; i++) {
                change(client, expected, random, block);
              }
              assertArrayEquals(expected, client.read(0, SIZE));
            });
      }
    }
  }

  private static void change(NbdClient client, byte[] expected, SeededRandom random, int block)
      throws IOException {
    int length = 1 + random.below(random.below(2) == 0 ? block / 2 : 4 * block);
    int offset = random.below(SIZE - length + 1);
    int flags = random.below(2) * Command.FLAG_FUA;
    byte[] data = new byte[length];
    if (random.below(2) == 0) {
      int hole = random.below(2) * Command.FLAG_NO_HOLE;
      assertEquals(0, client.command(Command.WRITE_ZEROES, flags | hole, offset, length));
    } else {
      Arrays.fill(data, (byte) (1 + random.below(255)));
      assertEquals(0, client.command(Command.WRITE, flags, offset, length, data));
    }
    System.arraycopy(data, 0, expected, offset, length);
  }

  @Test
  void zeroingPartsOfBlocksIsNotFast() throws Exception {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      int flags = Command.FLAG_FAST_ZERO;
      assertEquals(95, client.command(Command.WRITE_ZEROES, flags, 1, 512));
      assertEquals(0, client.command(Command.WRITE_ZEROES, flags, 512, 512));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void forcedChangesOfPartsAreForcedOrFlushed(boolean forces) throws Exception {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new MemoryDevice(SIZE));
    LimitedDevice device = new LimitedDevice(recorded);
    if (!forces) {
      device.without(Capability.FUA);
    }
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      assertEquals(0, client.command(Command.WRITE, Command.FLAG_FUA, 1, 5, new byte[5]));
      assertEquals(0, client.command(Command.WRITE_ZEROES, Command.FLAG_FUA, 1, 5));
      assertEquals(0, client.command(Command.WRITE_ZEROES, Command.FLAG_FUA, 511, 514));
      int flags = forces ? IoFlags.FUA : IoFlags.NONE;
      RequestEvent first = new RequestEvent(Operation.WRITE, 0, 512, flags);
      RequestEvent last = new RequestEvent(Operation.WRITE, 1024, 512, flags);
      RequestEvent between = new RequestEvent(Operation.WRITE_ZEROES, 512, 512, flags);
      RequestEvent flush = new RequestEvent(Operation.FLUSH, 0, 0, 0);
      List<RequestEvent> expected =
          forces
              ? List.of(first, first, first, last, between)
              : List.of(first, flush, first, flush, first, last, between, flush);
      assertEquals(
          expected,
          recorded.requests().stream().filter(r -> r.operation() != Operation.READ).toList());
    }
  }

  @Test
  void errorsOfTheFirstStepsAreThoseOfTheRequest() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      device.failRange(0, 512, 28);
      assertEquals(28, client.write(1, new byte[5]));
      assertEquals(0, client.write(513, new byte[5]));
      // Nobody is kept waiting by a change that has failed.
      assertEquals(0, client.write(1024, new byte[512]));
    }
  }

  @Test
  void changesOfOtherBytesOfABlockAreNotLost() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    device.delay(0, 100_000);
    try (Rig rig = new Rig(folder, device)) {
      CompletableFuture<?>[] clients = new CompletableFuture<?>[4];
      for (int i = 0; i < clients.length; i++) {
        int number = i;
        clients[i] = CompletableFuture.runAsync(() -> own(rig, number, clients.length));
      }
      CompletableFuture.allOf(clients).join();
    }
  }

  /** Changes bytes that nobody else changes, in a block that all change, and blocks of its own. */
  private static void own(Rig rig, int number, int clients) {
    try (NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      int length = 512 / clients;
      byte[] data = new byte[length];
      byte[] block = new byte[512];
      long shared = (long) number * length;
      long alone = 512L * (1 + number);
      for (int i = 0; i < ROUNDS; i++) {
        Arrays.fill(data, (byte) i);
        Arrays.fill(block, (byte) i);
        assertEquals(0, client.write(shared, data));
        assertEquals(0, client.write(alone, block));
        assertArrayEquals(data, client.read(shared, length), "round " + i);
        assertArrayEquals(block, client.read(alone, 512), "round " + i);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void clientsThatLeaveWhileTheyWaitHoldNobodyUp() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient stays = rig.open(ReplyStyle.SIMPLE)) {
      device.hold();
      stays.request(Command.WRITE, 0, 1, 0, 512, new byte[512]);
      Await.until(() -> device.inFlight() == 1);
      for (int i = 0; i < 20; i++) {
        try (NbdClient leaves = rig.open(ReplyStyle.SIMPLE)) {
          leaves.request(Command.WRITE, 0, 1, i, 5, new byte[5]);
          if (i % 2 == 0) {
            // No request: this one is disconnected at once.
            leaves.send(new byte[28]);
          }
        }
      }
      Await.until(() -> rig.server.connections() == 11);
      device.release();
      Await.until(() -> rig.server.connections() == 1);
      assertEquals(0, stays.readChunk(0).error());
      assertEquals(0, stays.write(0, new byte[512]));
      assertEquals(0, stays.write(3, new byte[5]));
    }
  }
}
