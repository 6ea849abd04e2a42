package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replies in chunks: holes, extents, errors in words. */
class ChunksTest {

  private static final long SEED = 20261121;

  @TempDir Path folder;

  /** Extents of a reply as length, flags, length, flags. */
  private static List<Long> extents(NbdClient client, int flags, long offset, long length)
      throws IOException {
    client.request(Command.BLOCK_STATUS, flags, 3, offset, length);
    NbdClient.Chunk chunk = client.readChunk(0);
    assertTrue(chunk.last());
    assertEquals(3, chunk.cookie());
    ByteBuffer data = chunk.buffer();
    boolean wide = client.style == ReplyStyle.EXTENDED;
    assertEquals(wide ? ReplyStyle.BLOCK_STATUS_EXT : ReplyStyle.BLOCK_STATUS, chunk.type());
    assertEquals(1, data.getInt());
    List<Long> numbers = new ArrayList<>();
    int count = wide ? data.getInt() : 0;
    while (data.hasRemaining()) {
      numbers.add(wide ? data.getLong() : data.getInt());
    }
    assertEquals(wide ? 2 * count : numbers.size(), numbers.size());
    return numbers;
  }

  private static int[] types(List<NbdClient.Chunk> chunks) {
    return chunks.stream().mapToInt(NbdClient.Chunk::type).toArray();
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void zerosOfFourKibibytesAreHoles(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      byte[] data = new byte[64 * 1024];
      data[0] = 1;
      data[20000] = 1;
      data[65535] = 1;
      client.write(0, data);
      client.request(Command.READ, 0, 1, 0, data.length);
      assertArrayEquals(new int[] {1, 2, 1, 2, 1}, types(client.readChunks(0)));
      client.request(Command.READ, Command.FLAG_DF, 1, 0, data.length);
      assertArrayEquals(new int[] {1}, types(client.readChunks(0)));
      client.request(Command.READ, 0, 1, 4096, 4096);
      assertArrayEquals(new int[] {2}, types(client.readChunks(0)));
      // No whole block of 4 KiB.
      client.request(Command.READ, 0, 1, 4097, 8000);
      assertArrayEquals(new int[] {1}, types(client.readChunks(0)));
      assertArrayEquals(data, client.read(0, data.length));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void sparseContentIsReadAsItIs(ReplyStyle style) throws IOException {
    Random random = new Random(SEED);
    byte[] model = new byte[Rig.SIZE];
    for (int i = 0; i < 200; i++) {
      model[random.nextInt(model.length)] = (byte) (1 + random.nextInt(100));
    }
    for (int at = 1 << 20; at < 3 << 20; at += 8192) {
      // More holes than a reply may have.
      model[at] = 7;
    }
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      assertEquals(0, client.write(0, model));
      for (int i = 0; i < 300; i++) {
        int from = random.nextInt(model.length);
        int length = 1 + random.nextInt(Math.min(model.length - from, 1 << 18));
        byte[] expected = Arrays.copyOfRange(model, from, from + length);
        assertArrayEquals(expected, client.read(from, length), "seed " + SEED + " read " + i);
      }
      assertArrayEquals(model, client.read(0, model.length));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void theAllocationIsToldAsItIs(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      client.write(64 * 1024, new byte[128 * 1024]);
      assertEquals(
          List.of(65536L, 3L, 131072L, 0L, Rig.SIZE - 196608L, 3L),
          extents(client, 0, 0, Rig.SIZE));
      assertEquals(List.of(65536L, 3L), extents(client, Command.FLAG_REQ_ONE, 0, Rig.SIZE));
      assertEquals(List.of(100L, 3L), extents(client, 0, 50, 100));
      assertEquals(List.of(36L, 3L, 64L, 0L), extents(client, 0, 65500, 100));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void moreExtentsThanFitAreToldInPart(ReplyStyle style) throws IOException {
    // Pieces of 64 KiB, every other one present.
    MemoryDevice device = new MemoryDevice(2L << 30);
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(style)) {
      for (int i = 0; i < 9000; i++) {
        client.request(Command.WRITE, 0, i, i * 131072L, 512, new byte[512]);
        if (i % 64 == 63) {
          for (int j = 0; j < 64; j++) {
            client.readChunk(0);
          }
        }
      }
      for (int j = 0; j < 9000 % 64; j++) {
        client.readChunk(0);
      }
      List<Long> told = extents(client, 0, 0, 2L << 30);
      assertEquals(style == ReplyStyle.EXTENDED ? 4095 * 2 : 8191 * 2, told.size());
      for (int i = 0; i < told.size(); i += 2) {
        assertEquals(65536L, told.get(i));
        assertEquals(i / 2 % 2 == 0 ? 0L : 3L, told.get(i + 1));
      }
    }
  }

  @Test
  void aDeviceThatCannotTellFailsTheRequestOnly() throws IOException {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(Rig.SIZE));
    device.failExtents();
    try (Rig rig = new Rig(folder, device);
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      assertEquals(5, client.command(Command.BLOCK_STATUS, 0, 0, 512));
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void aSlowAnswerHoldsUpNothingElse() throws Exception {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(Rig.SIZE));
    device.holdExtents();
    try (Rig rig = new Rig(folder, device)) {
      try (NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
        client.request(Command.BLOCK_STATUS, 0, 1, 0, 4096);
        assertEquals(512, client.read(512, 512).length);
        client.request(Command.BLOCK_STATUS, 0, 2, 0, 4096);
      }
      // The client has gone; its queries have not.
      Thread.sleep(50);
      assertEquals(1, rig.server.connections());
      device.releaseExtents();
      rig.settle();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void errorsComeInWords(ReplyStyle style) throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(style)) {
      client.request(Command.READ, 0, 1, Rig.SIZE, 512);
      NbdClient.Chunk chunk = client.readChunk(0);
      assertEquals(ReplyStyle.ERROR, chunk.type());
      assertTrue(chunk.last());
      assertEquals(style == ReplyStyle.EXTENDED ? Rig.SIZE : 0, chunk.offset());
      int length = chunk.buffer().getShort(4);
      assertEquals(6 + length, chunk.data().length);
      assertTrue(
          new String(chunk.data(), 6, length, StandardCharsets.US_ASCII).contains("ends behind"));
    }
  }

  @Test
  void extendedPayloadsThatNobodyWantsAreDropped() throws IOException {
    try (Rig rig = Rig.start(folder);
        NbdClient client = rig.open(ReplyStyle.EXTENDED)) {
      int flag = Command.FLAG_PAYLOAD_LEN;
      assertEquals(22, client.command(Command.READ, flag, 0, 1000, new byte[1000]));
      assertEquals(22, client.command(Command.BLOCK_STATUS, flag, 0, 12, new byte[12]));
      assertEquals(22, client.command(99, flag, 0, 100_000, new byte[100_000]));
      client.request(Command.READ, flag, 1, 0, Long.MAX_VALUE);
      assertTrue(client.isClosed());
    }
  }

  @Test
  void extendedRangesMayBeLongerThanFourGibibytes() throws IOException {
    try (Rig rig = new Rig(folder, new MemoryDevice(16L << 30));
        NbdClient client = rig.open(ReplyStyle.EXTENDED)) {
      assertEquals(List.of(16L << 30, 3L), extents(client, 0, 0, 16L << 30));
      assertEquals(0, client.command(Command.WRITE_ZEROES, 0, 0, 16L << 30));
      assertEquals(0, client.command(Command.TRIM, 0, 0, 16L << 30));
      assertEquals(22, client.command(Command.TRIM, 0, 0, Long.MIN_VALUE));
    }
  }
}
