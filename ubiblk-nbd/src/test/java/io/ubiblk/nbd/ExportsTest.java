package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionReply;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.RecordingBlockDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Exports that come and go, and the end of a server. */
@Timeout(60)
class ExportsTest {

  @TempDir Path folder;

  private static int goes(NbdClient client, String name) throws IOException {
    return client.option(Option.GO, NbdClient.choice(name)).getLast().type();
  }

  @Test
  void exportsComeAndGoWhileTheServerRuns() throws Exception {
    RecordingBlockDevice second = new RecordingBlockDevice(new MemoryDevice(1 << 20));
    try (Rig rig = Rig.start(folder);
        NbdClient first = rig.open(ReplyStyle.SIMPLE)) {
      try (NbdClient early = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
        assertEquals(OptionReply.UNKNOWN, goes(early, "more"));
        rig.server.addExport(NbdExport.of("more", second));
        assertEquals(2, rig.server.exports().size());
        assertEquals(OptionReply.ACK, goes(early, "more"));
        assertEquals(0, early.write(0, new byte[512]));
        assertTrue(rig.server.removeExport("more"));
        assertTrue(early.isClosed());
      }
      // Nothing of the server's is left on the device: it can be closed.
      second.close();
      assertFalse(rig.server.removeExport("more"));
      assertEquals(512, first.read(0, 512).length);
      try (NbdClient late = NbdClient.greeted(rig.socket, ReplyStyle.SIMPLE)) {
        assertEquals(OptionReply.UNKNOWN, goes(late, "more"));
      }
    }
  }

  @Test
  void removingAnExportLetsRequestsFinishAndFlushes() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(1 << 20), 1);
    try (Rig rig = Rig.start(folder)) {
      rig.server.addExport(NbdExport.of("x", device));
      try (NbdClient client = NbdClient.open(rig.socket, ReplyStyle.SIMPLE, "x")) {
        device.hold(Operation.WRITE);
        client.request(Command.WRITE, 0, 1, 0, 512, new byte[512]);
        Await.until(() -> device.inFlight() == 1);
        CompletableFuture<Boolean> removed =
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return rig.server.removeExport("x");
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
        Thread.sleep(50);
        assertFalse(removed.isDone());
        device.release();
        assertEquals(0, client.readChunk(0).error());
        assertTrue(client.isClosed());
        assertTrue(removed.get());
      }
      device.close();
    }
  }

  @Test
  void theEmptyNameStandsForTheDefaultExport() throws Exception {
    try (BlockDevice device = new MemoryDevice(1 << 20);
        NbdServer server =
            NbdServer.builder()
                .at(folder.resolve("s"))
                .export(NbdExport.of("other", device))
                .export(NbdExport.of("main", device).withReadOnly(true).withHidden(true))
                .defaultExport("main")
                .start()) {
      try (NbdClient client = NbdClient.greeted(folder.resolve("s"), ReplyStyle.SIMPLE)) {
        assertEquals(2, client.option(Option.LIST).size());
        var replies = client.option(Option.GO, NbdClient.choice("", 1));
        client.takeExport(replies);
        assertEquals("main", replies.get(1).text().substring(2));
        assertEquals(1, client.write(0, new byte[512]));
      }
      assertEquals(2, server.exports().size());
    }
  }

  @Test
  void anExportIsServedOnce() throws Exception {
    try (Rig rig = Rig.start(folder)) {
      assertThrows(
          BlockDeviceException.Busy.class,
          () -> rig.server.addExport(NbdExport.of("", rig.device)));
    }
  }

  @Test
  void exportsAreChecked() {
    try (MemoryDevice device = new MemoryDevice(512)) {
      NbdExport good = NbdExport.of("x", device);
      assertThrows(IllegalArgumentException.class, () -> NbdExport.of("a\0b", device));
      assertThrows(IllegalArgumentException.class, () -> NbdExport.of("x".repeat(4097), device));
      assertThrows(IllegalArgumentException.class, () -> NbdExport.of("\ud800", device));
      assertThrows(IllegalArgumentException.class, () -> good.withDescription("x".repeat(4097)));
      LimitedDevice coarse = new LimitedDevice(device).withBlockSize(128 * 1024);
      assertThrows(IllegalArgumentException.class, () -> NbdExport.of("x", coarse));
    }
  }

  @Test
  void manyConnectionsShareOneDevice() throws Exception {
    RecordingBlockDevice device = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    try (Rig rig = new Rig(folder, device);
        NbdClient writer = rig.open(ReplyStyle.STRUCTURED);
        NbdClient reader = rig.open(ReplyStyle.EXTENDED)) {
      assertTrue((writer.flags & 0x100) != 0);
      byte[] data = new byte[4096];
      data[1] = 2;
      assertEquals(0, writer.write(0, data));
      assertArrayEquals(data, reader.read(0, 4096));
      assertEquals(0, reader.command(Command.FLUSH, 0, 0, 0));
      assertEquals(2, device.channelsOpened());
      assertEquals(1, device.flushes());
    }
  }

  @Test
  void aFailedDeviceTakesItsClientsWithItAndNobodyElse() throws Exception {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(1 << 20));
    try (Rig rig = Rig.start(folder);
        NbdClient other = rig.open(ReplyStyle.SIMPLE)) {
      rig.server.addExport(NbdExport.of("x", device));
      try (NbdClient client = NbdClient.open(rig.socket, ReplyStyle.SIMPLE, "x")) {
        device.fail();
        assertTrue(client.isClosed());
      }
      assertEquals(512, other.read(0, 512).length);
      Await.until(() -> rig.server.exports().size() == 1);
      assertEquals(Frontend.State.SERVING, rig.server.state());
    }
    device.close();
  }

  @Test
  void theLastDeviceThatFailsEndsTheServer() throws Exception {
    LimitedDevice device = new LimitedDevice(new MemoryDevice(1 << 20));
    try (Rig rig = new Rig(folder, device)) {
      device.fail();
      assertThrows(BlockDeviceException.Failed.class, rig.server::awaitClose);
      assertEquals(Frontend.State.FAILED, rig.server.state());
    }
  }

  @Test
  void closingAnswersWhatIsInFlightAndFlushes() throws Exception {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new MemoryDevice(Rig.SIZE));
    FaultyBlockDevice faulty = new FaultyBlockDevice(recorded, 1);
    LimitedDevice device = new LimitedDevice(faulty).without(Capability.FUA);
    try (Rig rig = new Rig(folder, device);
        NbdClient idle = rig.open(ReplyStyle.SIMPLE);
        NbdClient undecided = NbdClient.connect(rig.socket);
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      assertEquals(Frontend.State.SERVING, rig.server.state());
      faulty.hold(Operation.WRITE);
      client.request(Command.WRITE, 0, 1, 0, 512, new byte[512]);
      Await.until(() -> faulty.inFlight() == 1);
      Thread closer = Thread.ofVirtual().start(() -> assertCloses(rig.server));
      assertTrue(idle.isClosed());
      undecided.in.readNBytes(18);
      assertTrue(undecided.isClosed());
      assertEquals(Frontend.State.CLOSING, rig.server.state());
      int error;
      do {
        // The connection learns of the end a moment later than we do.
        error = client.command(Command.READ, 0, 0, 512);
      } while (error == 0);
      assertEquals(108, error);
      faulty.release();
      assertEquals(0, client.readChunk(0).error());
      assertTrue(client.isClosed());
      closer.join();
      assertEquals(Frontend.State.CLOSED, rig.server.state());
      assertEquals(1, recorded.flushes());
      assertThrows(
          BlockDeviceException.Closed.class,
          () -> rig.server.addExport(NbdExport.of("late", device)));
    }
  }

  private static void assertCloses(NbdServer server) {
    try {
      server.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closingDoesNotWaitForClientsForEver() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    try (Rig rig = new Rig(folder, device, b -> b.grace(Duration.ofMillis(100)));
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      for (int i = 0; i < 100; i++) {
        // Far more than sockets hold, and nobody reads it.
        client.request(Command.READ, 0, i, 0, 1 << 20);
      }
      rig.server.close();
      assertEquals(0, rig.server.connections());
    }
  }
}
