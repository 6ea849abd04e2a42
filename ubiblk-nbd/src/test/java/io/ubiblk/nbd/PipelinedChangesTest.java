package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Changes of parts of blocks and of whole blocks, many of them at once. */
@Timeout(120)
class PipelinedChangesTest {

  private static final int SIZE = 1 << 20;
  private static final int CLIENTS = 4;

  /** Bytes that belong to one client: neither begin nor end of most is that of a block. */
  private static final int PIECE = 1300;

  private static final int PIECES = 12;
  private static final int BATCHES = 40;
  private static final int BATCH = 12;

  @TempDir Path folder;

  /** One of the ways to reach the device. */
  private record Way(Path socket, String export) {}

  @Test
  void partsAndWholeBlocksOfOneClientAreAllAnswered() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      device.hold();
      client.request(Command.WRITE, 0, 0, 1, 5, new byte[5]);
      client.request(Command.WRITE, 0, 1, 0, 512, new byte[512]);
      client.request(Command.WRITE, 0, 2, 2, 5, new byte[5]);
      client.request(Command.WRITE, 0, 3, 4096, 512, new byte[512]);
      // What touches none of them does not wait.
      Await.until(() -> device.inFlight() == 2);
      device.release();
      for (int i = 0; i < 4; i++) {
        assertEquals(0, client.readChunk(0).error());
      }
    }
  }

  @Test
  void changeThatWaitsForItsSourceHoldsUpItsBlockOnly() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    try (Rig rig = new Rig(folder, device);
        NbdClient slow = rig.open(ReplyStyle.SIMPLE);
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      device.hold(Operation.READ);
      slow.request(Command.WRITE, 0, 1, 1, 5, new byte[] {1, 2, 3, 4, 5});
      Await.until(() -> device.inFlight() == 1);
      client.request(Command.WRITE, 0, 7, 0, 512, new byte[512]);
      assertEquals(4711, answer(client, 1024));
      device.release();
      assertEquals(7, client.readChunk(0).cookie());
      assertEquals(0, slow.readChunk(0).error());
      // The one that came later has won.
      assertArrayEquals(new byte[512], client.read(0, 512));
    }
  }

  /** Writes a block and returns the cookie of what is answered then. */
  private static long answer(NbdClient client, long offset) throws IOException {
    client.request(Command.WRITE, 0, 4711, offset, 512, new byte[512]);
    return client.readChunk(0).cookie();
  }

  @Test
  void exportsAndServersOfOneDeviceKeepEachOthersChanges() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(SIZE), 1);
    device.delay(0, 200_000);
    Path second = folder.resolve("second.sock");
    try (Rig rig = new Rig(folder, device, b -> b.export(NbdExport.of("second", device)));
        NbdServer server = NbdServer.serve(device).at(second).reactors(rig.group).start()) {
      List<Way> ways =
          List.of(new Way(rig.socket, ""), new Way(rig.socket, "second"), new Way(second, ""));
      assertEquals(1, server.exports().size());
      Seeds.check(
          random -> {
            byte[] expected = readAll(rig);
            CompletableFuture<?>[] clients = new CompletableFuture<?>[CLIENTS];
            for (int i = 0; i < CLIENTS; i++) {
              int number = i;
              SeededRandom own = random.split();
              Way way = ways.get(i % ways.size());
              clients[i] = CompletableFuture.runAsync(() -> change(way, number, own, expected));
            }
            CompletableFuture.allOf(clients).orTimeout(60, TimeUnit.SECONDS).join();
            assertArrayEquals(expected, readAll(rig));
          });
    }
  }

  private static byte[] readAll(Rig rig) throws IOException {
    try (NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      return client.read(0, SIZE);
    }
  }

  /** Changes pieces that no other client changes, several at once, none of them twice at once. */
  private static void change(Way way, int number, SeededRandom random, byte[] expected) {
    try (NbdClient client = NbdClient.open(way.socket(), ReplyStyle.SIMPLE, way.export())) {
      for (int batch = 0; batch < BATCHES; batch++) {
        int skipped = random.below(PIECES);
        for (int i = 0; i < BATCH; i++) {
          int piece = (skipped + i) % PIECES;
          send(client, random, (piece * CLIENTS + number) * PIECE, expected);
        }
        for (int i = 0; i < BATCH; i++) {
          assertEquals(0, client.readChunk(0).error());
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void send(NbdClient client, SeededRandom random, int piece, byte[] expected)
      throws IOException {
    int from = random.below(PIECE / 2);
    int to = PIECE / 2 + 1 + random.below(PIECE / 2);
    int offset = piece + from;
    int end = piece + to;
    int firstBlock = (piece + 511) / 512 * 512;
    if (random.below(2) == 0) {
      // Whole blocks: there is always one in a piece.
      offset = firstBlock;
      end = firstBlock + 512;
    }
    byte[] data = new byte[end - offset];
    if (random.below(4) == 0) {
      client.request(Command.WRITE_ZEROES, 0, 0, offset, data.length);
    } else {
      Arrays.fill(data, (byte) random.below(256));
      client.request(Command.WRITE, 0, 0, offset, data.length, data);
    }
    System.arraycopy(data, 0, expected, offset, data.length);
  }

  @Test
  void deviceThatThrowsHoldsNobodyElseUp() throws Exception {
    ThrowingDevice device = new ThrowingDevice(new MemoryDevice(SIZE));
    try (Rig rig = new Rig(folder, device)) {
      for (int offset : new int[] {0, 1}) {
        try (NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
          device.throwAtWrites(true);
          // Something waits, too.
          ByteArrayOutputStream both = new ByteArrayOutputStream();
          both.writeBytes(client.header(Command.WRITE, 0, 1, 1, 5));
          both.writeBytes(new byte[5]);
          both.writeBytes(client.header(Command.WRITE, 0, 2, offset, 512));
          both.writeBytes(new byte[512]);
          client.send(both.toByteArray());
          assertTrue(client.isClosed());
        }
        device.throwAtWrites(false);
        try (NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
          assertEquals(0, client.write(0, new byte[512]));
          assertEquals(0, client.write(3, new byte[5]));
        }
      }
    }
  }
}
