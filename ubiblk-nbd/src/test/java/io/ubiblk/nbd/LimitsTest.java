package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.FaultyBlockDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients may use, and what happens to those who want more or take their time. */
@Timeout(60)
class LimitsTest {

  private static final int READ = 256 * 1024;

  @TempDir Path folder;

  private Rig rig(NbdLimits limits) throws IOException {
    return new Rig(folder, new MemoryDevice(Rig.SIZE), b -> b.limits(limits));
  }

  private static void ask(NbdClient client, int reads) throws IOException {
    for (int i = 0; i < reads; i++) {
      client.request(Command.READ, 0, i, (long) i % 8 * READ, READ);
    }
  }

  @Test
  void aConnectionTooManyIsClosed() throws Exception {
    try (Rig rig = rig(NbdLimits.DEFAULT.withConnections(2))) {
      try (NbdClient first = rig.open(ReplyStyle.SIMPLE);
          NbdClient second = rig.open(ReplyStyle.SIMPLE);
          NbdClient third = NbdClient.connect(rig.socket)) {
        assertTrue(third.isClosed());
        assertEquals(2, rig.server.connections());
        assertEquals(512, first.read(0, 512).length);
        assertEquals(512, second.read(0, 512).length);
      }
      rig.settle();
      rig.assertServes();
    }
  }

  @Test
  void aClientThatDoesNotChooseIsDisconnected() throws Exception {
    NbdLimits limits = NbdLimits.DEFAULT.withHandshakeTime(Duration.ofMillis(700));
    try (Rig rig = rig(limits);
        NbdClient chosen = rig.open(ReplyStyle.SIMPLE);
        NbdClient silent = NbdClient.connect(rig.socket)) {
      silent.in.readNBytes(18);
      assertTrue(silent.isClosed());
      Thread.sleep(800);
      assertEquals(512, chosen.read(0, 512).length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void onlySoManyRequestsAreInFlight(ReplyStyle style) throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    NbdLimits limits = NbdLimits.DEFAULT.withRequestsPerConnection(4);
    try (Rig rig = new Rig(folder, device, b -> b.limits(limits));
        NbdClient client = rig.open(style)) {
      device.hold(Operation.READ);
      for (int i = 0; i < 10; i++) {
        client.request(Command.READ, 0, i, 0, 512);
      }
      Await.until(() -> device.inFlight() == 4);
      Thread.sleep(50);
      assertEquals(4, device.inFlight());
      device.release();
      for (int i = 0; i < 10; i++) {
        assertEquals(0, client.readChunk(512).error());
      }
    }
  }

  @Test
  void onlySoMuchMemoryIsInFlight() throws Exception {
    FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(Rig.SIZE), 1);
    NbdLimits limits = NbdLimits.DEFAULT.withMemory(3L * READ, 100L * READ);
    try (Rig rig = new Rig(folder, device, b -> b.limits(limits));
        NbdClient client = rig.open(ReplyStyle.SIMPLE)) {
      device.hold(Operation.READ);
      ask(client, 10);
      Await.until(() -> device.inFlight() == 3);
      Thread.sleep(50);
      assertEquals(3L * READ, rig.server.service().budget().used());
      device.release();
      for (int i = 0; i < 10; i++) {
        assertEquals(0, client.readChunk(READ).error());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "EPOLL"})
  void clientsThatReadNothingCostOnlyThemselves(ReactorOptions.Kind kind) throws Exception {
    NbdLimits limits = NbdLimits.DEFAULT.withMemory(4L * READ, 8L * READ);
    try (Rig rig = new Rig(folder, kind, new MemoryDevice(Rig.SIZE), b -> b.limits(limits))) {
      byte[] content = new byte[Rig.SIZE];
      new Random(1).nextBytes(content);
      List<NbdClient> slow = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        NbdClient client = rig.open(ReplyStyle.SIMPLE);
        slow.add(client);
        client.write(0, content);
        ask(client, 60);
      }
      Await.until(() -> rig.server.service().budget().used() >= 8L * READ);
      try (NbdClient other = rig.open(ReplyStyle.STRUCTURED)) {
        for (int i = 0; i < 200; i++) {
          assertEquals(READ, other.read(0, READ).length);
          assertEquals(0, other.write(0, new byte[4096]));
          assertEquals(0, other.write(0, Arrays.copyOf(content, 4096)));
        }
      }
      // Each can have one request beyond the limit, no more.
      assertTrue(rig.server.service().budget().used() <= (8L + 6) * READ);
      // Whoever reads at last gets everything, in whichever order.
      for (NbdClient client : slow.subList(0, 3)) {
        for (int i = 0; i < 60; i++) {
          NbdClient.Chunk chunk = client.readChunk(READ);
          int from = (int) chunk.cookie() % 8 * READ;
          byte[] expected = Arrays.copyOfRange(content, from, from + READ);
          assertArrayEquals(expected, Arrays.copyOfRange(chunk.data(), 4, chunk.data().length));
        }
      }
      for (NbdClient client : slow) {
        client.close();
      }
      rig.settle();
      rig.assertServes();
    }
  }

  @Test
  void aRequestLargerThanTheMemoryIsServedAlone() throws IOException {
    try (Rig rig = rig(NbdLimits.DEFAULT.withMemory(0, 0));
        NbdClient client = rig.open(ReplyStyle.STRUCTURED)) {
      ask(client, 10);
      for (int i = 0; i < 10; i++) {
        client.readChunks(0);
      }
      assertEquals(0, client.write(0, new byte[Rig.SIZE]));
    }
  }

  @Test
  void limitsAreChecked() {
    NbdLimits limits = NbdLimits.DEFAULT;
    assertThrows(IllegalArgumentException.class, () -> limits.withConnections(0));
    assertThrows(IllegalArgumentException.class, () -> limits.withRequestsPerConnection(0));
    assertThrows(IllegalArgumentException.class, () -> limits.withRequestsPerConnection(5000));
    assertThrows(IllegalArgumentException.class, () -> limits.withLargestRequest(64 << 20));
    assertThrows(IllegalArgumentException.class, () -> limits.withLargestRequest((1 << 20) + 512));
    assertThrows(IllegalArgumentException.class, () -> limits.withMemory(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> limits.withHandshakeTime(Duration.ZERO));
  }
}
