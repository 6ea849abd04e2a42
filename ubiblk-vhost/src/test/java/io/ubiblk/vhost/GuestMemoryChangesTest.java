package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.MemoryRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VhostUserFrontend;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory that comes, goes and lies, while requests run. */
class GuestMemoryChangesTest {

  private static final Duration LONG = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void start() throws IOException {
    rig = Rig.start(folder);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private static VhostUserMessage table(GuestRegion region, MemoryRegion described) {
    return VhostUserMessage.of(
            FrontendRequest.SET_MEM_TABLE, Payloads.memoryTable(List.of(described)))
        .withDescriptors(region.descriptor());
  }

  private static void assertRefused(VhostUserFrontend frontend, VhostUserMessage message) {
    assertThrows(VhostUserException.Refused.class, () -> frontend.tell(message));
  }

  @Test
  void aRegionLargerThanItsFileIsRefused() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      GuestRegion region = client.memory().regions().getFirst();
      MemoryRegion d = region.description();
      long mappings = Processes.guestMappings();
      for (MemoryRegion bad :
          List.of(
              new MemoryRegion(d.guestAddress(), d.size() + 1, d.userAddress(), 0),
              new MemoryRegion(d.guestAddress(), d.size(), d.userAddress(), 1),
              new MemoryRegion(d.guestAddress(), d.size(), d.userAddress(), 4096),
              new MemoryRegion(d.guestAddress(), Long.MAX_VALUE, d.userAddress(), 0),
              new MemoryRegion(d.guestAddress(), d.size(), d.userAddress(), Long.MAX_VALUE - 5),
              new MemoryRegion(d.guestAddress(), -1, d.userAddress(), 0),
              new MemoryRegion(d.guestAddress(), 0, d.userAddress(), 0),
              new MemoryRegion(-4096, 8192, d.userAddress(), 0),
              new MemoryRegion(d.guestAddress(), d.size(), -4096, 0),
              new MemoryRegion(d.guestAddress(), d.size(), d.userAddress(), -4096))) {
        assertRefused(client.frontend(), table(region, bad));
        assertRefused(
            client.frontend(),
            VhostUserMessage.of(FrontendRequest.ADD_MEM_REG, Payloads.memoryRegion(bad))
                .withDescriptors(region.descriptor()));
      }
      assertEquals(mappings, Processes.guestMappings());
      client.queue(0).write(0, new byte[512]);
    }
  }

  @Test
  void regionsThatOverlapAreRefused() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      GuestRegion region = client.memory().regions().getFirst();
      MemoryRegion d = region.description();
      MemoryRegion shifted =
          new MemoryRegion(d.guestAddress() + d.size() - 4096, 8192, 1L << 40, 0);
      assertRefused(
          client.frontend(),
          VhostUserMessage.of(FrontendRequest.ADD_MEM_REG, Payloads.memoryRegion(shifted))
              .withDescriptors(region.descriptor()));
      assertRefused(
          client.frontend(),
          VhostUserMessage.of(
                  FrontendRequest.SET_MEM_TABLE, Payloads.memoryTable(List.of(d, shifted)))
              .withDescriptors(region.descriptor(), region.descriptor()));
      client.queue(0).write(0, new byte[512]);
    }
  }

  @Test
  void aTableOfTooManyRegionsIsRefused() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      for (int count : new int[] {9, -1, 1 << 30}) {
        byte[] payload = new byte[8 + 9 * 32];
        payload[0] = (byte) count;
        payload[3] = (byte) (count >>> 24);
        assertRefused(
            client.frontend(), VhostUserMessage.of(FrontendRequest.SET_MEM_TABLE, payload));
      }
      client.queue(0).write(0, new byte[512]);
    }
  }

  @Test
  void aDescriptorThatIsNoMemoryIsRefused() throws Exception {
    try (VhostBlkClient client = rig.connect();
        Notifier pipe = Notifier.pipeToPeer(false)) {
      MemoryRegion region = new MemoryRegion(1L << 40, 4096, 1L << 41, 0);
      assertRefused(
          client.frontend(),
          VhostUserMessage.of(FrontendRequest.ADD_MEM_REG, Payloads.memoryRegion(region))
              .withDescriptors(pipe.peerEnd()));
      client.queue(0).write(0, new byte[512]);
    }
  }

  @Test
  void regionsMayComeAndGoWhileRequestsRun() throws Exception {
    try (GuestMemory memory = GuestMemory.of(16 << 20);
        VhostBlkClient client = rig.connect(o -> o.withMemory(memory).withMemorySlots())) {
      long mappings = Processes.guestMappings();
      AsyncQueue queue = client.queue(0).async();
      long buffer = memory.allocate(64 * 4096, 4096);
      for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 64; i++) {
          queue.submitWrite(i * 8L, buffer + i * 4096L, 4096, i);
        }
        queue.kick();
        GuestRegion added = memory.addRegion(1L << 40, 1 << 20);
        client.frontend().addRegion(added);
        long inAdded = memory.allocateIn(added, 4096, 4096);
        queue.submitRead(0, inAdded, 4096, 99);
        queue.drain((tag, status, used) -> assertEquals(0, status, "tag " + tag), LONG);
        client.frontend().removeRegion(added);
        DescriptorList gone = new DescriptorList().writable(inAdded, 512);
        assertEquals(BlkRequest.IOERR, client.queue(0).execute(BlkRequest.IN, 0, gone).status());
        memory.removeRegion(added);
      }
      Await.until(() -> Processes.guestMappings() == mappings);
    }
  }

  @Test
  void theWholeTableMayBeReplacedWhileRequestsRun() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      AsyncQueue queue = client.queue(0).async();
      long mappings = Processes.guestMappings();
      long buffer = client.memory().allocate(64 * 4096, 4096);
      for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 64; i++) {
          queue.submitWrite(i * 8L, buffer + i * 4096L, 4096, i);
        }
        queue.kick();
        client.frontend().setMemory(client.memory());
        queue.drain((tag, status, used) -> assertEquals(0, status), LONG);
      }
      Await.until(() -> Processes.guestMappings() == mappings);
    }
  }

  @Test
  void requestsInFlightKeepTheMemoryThatTheyBeganWith() throws Exception {
    try (GuestMemory memory = GuestMemory.of(4 << 20);
        VhostBlkClient client = rig.connect(o -> o.withMemory(memory).withMemorySlots())) {
      byte[] content = new byte[4096];
      content[100] = 42;
      client.queue(0).write(0, content);
      GuestRegion added = memory.addRegion(1L << 40, 1 << 20);
      client.frontend().addRegion(added);
      long target = memory.allocateIn(added, 4096, 4096);
      rig.device.hold(r -> true);
      client.queue(0).async().submitRead(0, target, 4096, 1);
      client.queue(0).async().kick();
      Await.until(() -> rig.device.heldCount() == 1);
      long mappings = Processes.guestMappings();
      client.frontend().removeRegion(added);
      assertEquals(mappings, Processes.guestMappings());
      rig.device.release();
      client.queue(0).async().drain((tag, status, used) -> assertEquals(0, status), LONG);
      assertArrayEquals(content, memory.read(target, 4096));
      Await.until(() -> Processes.guestMappings() == mappings - 1);
    }
  }

  @Test
  void ringMemoryThatIsRemovedWhileTheRingRunsBreaksOnlyTheRing() throws Exception {
    try (VhostBlkClient client = rig.connect(o -> o.withMemorySize(2 << 20))) {
      GuestRegion region = client.memory().regions().getFirst();
      AsyncQueue queue = client.queue(0).async();
      long buffer = client.memory().allocate(4096, 4096);
      for (int i = 0; i < 50; i++) {
        queue.submitRead(0, buffer, 4096, i);
      }
      queue.kick();
      client.frontend().removeRegion(region);
      assertTrue(client.error(0).await(LONG));
      queue.forceKick();
      byte[] before = client.memory().read(region.start(), 1 << 20);
      Thread.sleep(20);
      assertArrayEquals(before, client.memory().read(region.start(), 1 << 20));
      // The session goes on, and so does the ring once it has memory and is started anew.
      client.frontend().addRegion(region);
      client.stop(0);
      assertEquals(1, client.config().queues());
    }
    rig.assertServes();
  }

  @Test
  void aRingThatWasLostWithItsMemoryCanBeStartedAnew() throws Exception {
    try (VhostBlkClient client = rig.connect()) {
      GuestRegion region = client.memory().regions().getFirst();
      client.frontend().removeRegion(region);
      assertTrue(client.error(0).await(LONG));
      client.frontend().addRegion(region);
      client.start(0, client.stop(0));
      client.queue(0).write(0, new byte[512]);
    }
  }

  @Test
  void everySlotMayBeUsed() throws Exception {
    try (GuestMemory memory = GuestMemory.of(4 << 20)) {
      for (int i = 1; i < 509; i++) {
        memory.addRegion((1L << 40) + i * 8192L, 4096);
      }
      try (VhostBlkClient client = rig.connect(o -> o.withMemory(memory).withMemorySlots())) {
        for (GuestRegion region : List.copyOf(memory.regions()).subList(1, 509)) {
          DescriptorList data = new DescriptorList().writable(region.start(), 4096);
          assertEquals(0, client.queue(0).execute(BlkRequest.IN, 0, data).status());
        }
        GuestRegion last = memory.addRegion(1L << 50, 4096);
        assertThrows(VhostUserException.Refused.class, () -> client.frontend().addRegion(last));
        assertThrows(VhostUserException.Refused.class, () -> client.frontend().removeRegion(last));
        client.queue(0).flush();
      }
    }
    rig.assertServes();
  }

  @Test
  void aRegionMayBeginInTheMidstOfItsFile() throws Exception {
    try (GuestMemory memory = new GuestMemory()) {
      memory.addRegion(0x100000, 2 << 20, 12288);
      try (VhostBlkClient client =
          VhostBlkClient.connect(VhostBlkOptions.at(rig.socket).withMemory(memory))) {
        byte[] data = new byte[512];
        data[1] = 3;
        client.queue(0).write(3, data);
        assertArrayEquals(data, client.queue(0).read(3, 512));
      }
    }
  }
}
