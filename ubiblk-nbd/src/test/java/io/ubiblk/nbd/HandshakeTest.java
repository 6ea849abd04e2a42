package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ExportFlag;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionReply;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said before an export is chosen, byte by byte. */
class HandshakeTest {

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void start() throws IOException {
    rig =
        new Rig(
            folder,
            new MemoryDevice(Rig.SIZE),
            b ->
                b.export(
                    NbdExport.of("/a b/ü", new MemoryDevice(1 << 20)).withDescription("second")));
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private NbdClient greeted() throws IOException {
    return NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE);
  }

  private static int only(List<NbdClient.Reply> replies) {
    assertEquals(1, replies.size());
    return replies.getFirst().type();
  }

  @Test
  void theGreetingIsEighteenBytes() throws IOException {
    try (NbdClient client = NbdClient.connect(rig.socket)) {
      byte[] expected =
          ByteBuffer.allocate(18)
              .put("NBDMAGICIHAVEOPT".getBytes(StandardCharsets.US_ASCII))
              .putShort((short) 3)
              .array();
      assertTrue(Arrays.equals(expected, client.in.readNBytes(18)));
    }
  }

  @Test
  void unknownClientFlagsEndTheConnection() throws IOException {
    try (NbdClient client = NbdClient.connect(rig.socket)) {
      client.greet(7);
      assertTrue(client.isClosed());
    }
  }

  @Test
  void withoutFixedNewstyleOnlyExportNameIsLegal() throws IOException {
    try (NbdClient client = NbdClient.connect(rig.socket)) {
      client.greet(0);
      assertEquals(OptionReply.INVALID, only(client.option(Option.LIST)));
      client.sendOption(Option.EXPORT_NAME);
      assertEquals(Rig.SIZE, client.in.readLong());
      assertTrue((client.in.readUnsignedShort() & ExportFlag.HAS_FLAGS) != 0);
      assertTrue(Arrays.equals(new byte[124], client.in.readNBytes(124)));
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void exportNameHasNoPaddingForThoseWhoWantNone() throws IOException {
    try (NbdClient client = greeted()) {
      client.sendOption(Option.EXPORT_NAME, "/a b/ü".getBytes(StandardCharsets.UTF_8));
      assertEquals(1 << 20, client.in.readLong());
      client.in.readUnsignedShort();
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void exportNameOfAnUnknownExportEndsTheConnection() throws IOException {
    try (NbdClient client = greeted()) {
      client.sendOption(Option.EXPORT_NAME, (byte) 'x');
      assertTrue(client.isClosed());
    }
  }

  @Test
  void exportNameAfterExtendedHeadersEndsTheConnection() throws IOException {
    try (NbdClient client = NbdClient.greeted(rig.socket, ReplyStyle.EXTENDED)) {
      client.sendOption(Option.EXPORT_NAME);
      assertTrue(client.isClosed());
    }
  }

  @Test
  void abortIsAcknowledged() throws IOException {
    try (NbdClient client = greeted()) {
      assertEquals(OptionReply.ACK, only(client.option(Option.ABORT, (byte) 1)));
      assertTrue(client.isClosed());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 12, 99, -1})
  void anUnknownOptionIsUnsupportedAndHarmless(int option) throws IOException {
    try (NbdClient client = greeted()) {
      assertEquals(OptionReply.UNSUP, only(client.option(option, new byte[100])));
      client.go("");
      assertEquals(Rig.SIZE, client.size);
    }
  }

  @Test
  void listNamesAndDescribesTheExports() throws IOException {
    try (NbdClient client = greeted()) {
      List<NbdClient.Reply> replies = client.option(Option.LIST);
      assertEquals(3, replies.size());
      assertTrue(Arrays.equals(new byte[4], replies.get(0).data()));
      ByteBuffer second = replies.get(1).buffer();
      assertEquals(7, second.getInt());
      assertEquals("/a b/üsecond", StandardCharsets.UTF_8.decode(second).toString());
      assertEquals(OptionReply.INVALID, only(client.option(Option.LIST, (byte) 0)));
    }
  }

  @Test
  void infoAndGoSayTheSame() throws IOException {
    try (NbdClient client = greeted()) {
      byte[] choice = NbdClient.choice("/a b/ü", 3, 1, 2, 77, 1);
      List<NbdClient.Reply> info = client.option(Option.INFO, choice);
      List<NbdClient.Reply> go = client.option(Option.GO, choice);
      assertEquals(5, info.size());
      assertEquals(info.size(), go.size());
      for (int i = 0; i < info.size(); i++) {
        assertTrue(Arrays.equals(info.get(i).data(), go.get(i).data()));
      }
      assertEquals("/a b/ü", info.get(1).text().substring(2));
      assertEquals("second", info.get(2).text().substring(2));
      ByteBuffer sizes = info.get(3).buffer();
      assertEquals(1, sizes.getInt(2));
      assertEquals(4096, sizes.getInt(6));
      assertEquals(32 << 20, sizes.getInt(10));
    }
  }

  @Test
  void anUnknownExportIsNamedInTheRefusal() throws IOException {
    try (NbdClient client = greeted()) {
      for (int option : new int[] {Option.INFO, Option.GO}) {
        NbdClient.Reply reply = client.option(option, NbdClient.choice("nope")).getLast();
        assertEquals(OptionReply.UNKNOWN, reply.type());
        assertTrue(reply.text().contains("nope"));
      }
      client.go("");
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void malformedChoicesAreInvalid() throws IOException {
    try (NbdClient client = greeted()) {
      byte[] good = NbdClient.choice("abc", 1, 2);
      for (int length = 0; length < good.length; length++) {
        byte[] cut = Arrays.copyOf(good, length);
        assertEquals(OptionReply.INVALID, only(client.option(Option.INFO, cut)));
      }
      byte[] longer = Arrays.copyOf(good, good.length + 1);
      assertEquals(OptionReply.INVALID, only(client.option(Option.INFO, longer)));
      byte[] notText = NbdClient.choice("abc");
      notText[5] = (byte) 0xff;
      assertEquals(OptionReply.INVALID, only(client.option(Option.INFO, notText)));
      byte[] nul = NbdClient.choice("a\0c");
      assertEquals(OptionReply.INVALID, only(client.option(Option.INFO, nul)));
      byte[] name = NbdClient.choice("x".repeat(4097));
      assertEquals(OptionReply.INVALID, only(client.option(Option.INFO, name)));
    }
  }

  @Test
  void structuredRepliesAreAgreedOnOnce() throws IOException {
    try (NbdClient client = NbdClient.greeted(rig.socket, ReplyStyle.STRUCTURED)) {
      assertEquals(OptionReply.INVALID, only(client.option(Option.STRUCTURED_REPLY)));
      assertEquals(OptionReply.ACK, only(client.option(Option.EXTENDED_HEADERS)));
      assertEquals(
          OptionReply.EXTENDED_HEADER_REQUIRED, only(client.option(Option.STRUCTURED_REPLY)));
      assertEquals(OptionReply.INVALID, only(client.option(Option.EXTENDED_HEADERS)));
      client.style = ReplyStyle.EXTENDED;
      client.go("");
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void dfIsOfferedWithChunksOnly() throws IOException {
    try (NbdClient simple = rig.open(ReplyStyle.SIMPLE);
        NbdClient structured = rig.open(ReplyStyle.STRUCTURED)) {
      assertFalse((simple.flags & ExportFlag.SEND_DF) != 0);
      assertEquals(simple.flags | ExportFlag.SEND_DF, structured.flags);
      // HAS_FLAGS, FLUSH, FUA, TRIM, WRITE_ZEROES, MULTI_CONN, CACHE, FAST_ZERO
      assertEquals(0x1 | 0x4 | 0x8 | 0x20 | 0x40 | 0x100 | 0x400 | 0x800, simple.flags);
    }
  }

  @Test
  void theAllocationIsTheOneContext() throws IOException {
    try (NbdClient client = greeted()) {
      for (String[] queries : new String[][] {{}, {"base:"}, {"base:allocation"}, {"x", "base:"}}) {
        byte[] data = NbdClient.queries("", queries);
        List<NbdClient.Reply> replies = client.option(Option.LIST_META_CONTEXT, data);
        assertEquals(2, replies.size());
        assertEquals("base:allocation", replies.getFirst().text().substring(4));
        assertEquals(0, replies.getFirst().buffer().getInt());
      }
      for (String query : new String[] {"x-foo:bar", "qemu:", "bad", "base:allocatio"}) {
        byte[] data = NbdClient.queries("", query);
        assertEquals(OptionReply.ACK, only(client.option(Option.LIST_META_CONTEXT, data)));
      }
      byte[] unknown = NbdClient.queries("nope");
      assertEquals(OptionReply.UNKNOWN, only(client.option(Option.LIST_META_CONTEXT, unknown)));
    }
  }

  @Test
  void contextsAreSetOnlyWithChunksAndByTheirFullName() throws IOException {
    try (NbdClient client = greeted()) {
      byte[] all = NbdClient.queries("", "base:allocation");
      assertEquals(OptionReply.INVALID, only(client.option(Option.SET_META_CONTEXT, all)));
      client.agree(ReplyStyle.STRUCTURED);
      assertEquals(
          OptionReply.ACK,
          only(client.option(Option.SET_META_CONTEXT, NbdClient.queries("", "base:"))));
      assertEquals(2, client.option(Option.SET_META_CONTEXT, all).size());
      // A selection that fails clears the one before it.
      client.option(Option.SET_META_CONTEXT, NbdClient.queries("nope", "base:allocation"));
      client.go("");
      assertEquals(22, client.command(Command.BLOCK_STATUS, 0, 0, 4096));
    }
  }

  @Test
  void aSelectionHoldsForItsExportOnly() throws IOException {
    try (NbdClient client = NbdClient.greeted(rig.socket, ReplyStyle.STRUCTURED)) {
      client.selectAllocation("/a b/ü");
      client.go("");
      assertEquals(22, client.command(Command.BLOCK_STATUS, 0, 0, 4096));
    }
  }

  @Test
  void malformedQueriesAreInvalid() throws IOException {
    try (NbdClient client = NbdClient.greeted(rig.socket, ReplyStyle.STRUCTURED)) {
      byte[] good = NbdClient.queries("", "base:allocation");
      for (int length = 0; length < good.length; length++) {
        byte[] cut = Arrays.copyOf(good, length);
        assertEquals(OptionReply.INVALID, only(client.option(Option.SET_META_CONTEXT, cut)));
      }
      byte[] many = NbdClient.queries("");
      Arrays.fill(many, 4, 8, (byte) 0xff);
      assertEquals(OptionReply.INVALID, only(client.option(Option.LIST_META_CONTEXT, many)));
    }
  }

  @Test
  void longOptionsAreSkippedAndLongerOnesEndTheConnection() throws IOException {
    try (NbdClient client = greeted()) {
      assertEquals(OptionReply.TOO_BIG, only(client.option(Option.LIST, new byte[65537])));
      assertEquals(OptionReply.TOO_BIG, only(client.option(Option.GO, new byte[3 << 20])));
      assertEquals(OptionReply.UNSUP, only(client.option(99, new byte[65536])));
      client.send(
          ByteBuffer.allocate(16).putLong(Magic.OPTION).putInt(99).putInt((32 << 20) + 1).array());
      assertTrue(client.isClosed());
    }
  }

  @Test
  void aWrongMagicEndsTheConnection() throws IOException {
    try (NbdClient client = greeted()) {
      client.send(new byte[16]);
      assertTrue(client.isClosed());
    }
  }

  @Test
  void aClientGetsSoManyOptionsAndNoMore() throws IOException {
    try (NbdClient client = greeted()) {
      for (int i = 0; i < 32; i++) {
        client.option(99);
      }
      assertTrue(client.isClosed());
    }
    try (NbdClient client = greeted()) {
      // Only the first list makes room for questions about what is on it.
      client.option(Option.LIST);
      client.option(Option.LIST);
      for (int i = 0; i < 94; i++) {
        client.option(99);
      }
      assertTrue(client.isClosed());
    }
  }

  @Test
  void optionsAndRequestsMayComeAllAtOnce() throws IOException {
    try (NbdClient client = NbdClient.connect(rig.socket)) {
      ByteBuffer all = ByteBuffer.allocate(1000).putInt(3);
      byte[] choice = NbdClient.choice("");
      all.putLong(Magic.OPTION).putInt(Option.STRUCTURED_REPLY).putInt(0);
      all.putLong(Magic.OPTION).putInt(Option.GO).putInt(choice.length).put(choice);
      client.style = ReplyStyle.STRUCTURED;
      all.put(client.header(Command.READ, 0, 1, 0, 512));
      client.send(Arrays.copyOf(all.array(), all.position()));
      client.in.readNBytes(18);
      while (client.readReply().option() != Option.GO) {
        // The reply to the first option.
      }
      client.readReply();
      assertEquals(OptionReply.ACK, client.readReply().type());
      assertEquals(512 + 8, client.readChunk(0).data().length);
    }
  }

  @Test
  void aTrickleOfBytesIsAsGoodAsAFlood() throws IOException {
    try (NbdClient client = NbdClient.connect(rig.socket)) {
      client.in.readNBytes(18);
      byte[] choice = NbdClient.choice("");
      ByteBuffer all = ByteBuffer.allocate(100).putInt(3);
      all.putLong(Magic.OPTION).putInt(Option.GO).putInt(choice.length).put(choice);
      all.put(client.header(Command.WRITE, 0, 7, 512, 10 + 502));
      for (int i = 0; i < all.position(); i++) {
        client.send(all.get(i));
      }
      while (client.readReply().type() != OptionReply.ACK) {
        // What is said about the export.
      }
      client.send(new byte[10]);
      client.send(new byte[502]);
      assertEquals(7, client.readChunk(0).cookie());
    }
  }
}
