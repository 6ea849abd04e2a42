package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.MemoryRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.RingLayout;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import io.ubiblk.testkit.vhost.VringControl;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a frontend may say of its rings, and what is refused. */
class RingDescriptionTest extends ProtocolScene {

  @Test
  void aRingSizeThatCannotBeIsRefused() throws IOException {
    negotiate();
    VringControl ring = frontend.ring(0);
    for (int size : new int[] {0, -1, 3, 100, 1023, 2048, 32768, 65536, 1 << 30, 1 << 31}) {
      assertRefused(() -> ring.setSize(size));
    }
    ring.setSize(1024);
  }

  @Test
  void ringsThatDoNotExistAreRefused() throws IOException {
    negotiate();
    for (int index : new int[] {1, 255, 0x7fffffff, -1}) {
      VringControl ring = frontend.ring(index);
      assertRefused(() -> ring.setSize(16));
      assertRefused(() -> ring.setBase(0));
      assertRefused(() -> ring.setUserAddresses(0, 0, 0));
      assertRefused(() -> ring.setEnabled(true));
    }
    try (Notifier notifier = Notifier.eventfd()) {
      VringControl ring = frontend.ring(7);
      assertRefused(() -> ring.setKick(notifier));
      assertRefused(() -> ring.setCall(notifier));
      assertRefused(() -> ring.setError(notifier));
      assertRefused(ring::setNoKick);
    }
  }

  @Test
  void aBaseThatCannotBeIsRefused() throws IOException {
    negotiate();
    assertRefused(() -> frontend.ring(0).setBase(0x10000));
    assertRefused(() -> frontend.ring(0).setBase(-1));
    frontend.ring(0).setBase(0xffff);
  }

  @Test
  void ringAddressesOutsideEveryRegionAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      VringControl ring = frontend.ring(0);
      ring.setSize(256);
      RingLayout layout = RingLayout.allocate(memory, 256);
      assertRefused(() -> ring.setAddresses(layout, memory));
      frontend.setMemory(memory);
      ring.setAddresses(layout, memory);
      long start = memory.regions().getFirst().description().userAddress();
      long end = start + (1 << 20);
      assertRefused(() -> ring.setUserAddresses(end - 4080, start, start));
      assertRefused(() -> ring.setUserAddresses(start, end - 2048, start));
      assertRefused(() -> ring.setUserAddresses(start, start, end - 512));
      assertRefused(() -> ring.setUserAddresses(start - 16, start, start));
      assertRefused(() -> ring.setUserAddresses(0, start, start));
      assertRefused(() -> ring.setUserAddresses(-16, start, start));
      assertRefused(() -> ring.setUserAddresses(Long.MAX_VALUE & -16, start, start));
    }
  }

  @Test
  void misalignedRingAddressesAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      frontend.setMemory(memory);
      VringControl ring = frontend.ring(0);
      ring.setSize(16);
      long start = memory.regions().getFirst().description().userAddress();
      assertRefused(() -> ring.setUserAddresses(start + 8, start, start));
      assertRefused(() -> ring.setUserAddresses(start, start + 2, start));
      assertRefused(() -> ring.setUserAddresses(start, start, start + 1));
    }
  }

  @Test
  void ringsInARegionThatIsMisalignedInItsFileAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      GuestRegion region = memory.regions().getFirst();
      MemoryRegion askew = new MemoryRegion(0x100000, 0x10000, 0x7000_0000_0000L, 1);
      frontend.tell(
          VhostUserMessage.of(FrontendRequest.SET_MEM_TABLE, Payloads.memoryTable(List.of(askew)))
              .withDescriptors(region.descriptor()));
      VringControl ring = frontend.ring(0);
      ring.setSize(16);
      long start = askew.userAddress();
      assertRefused(() -> ring.setUserAddresses(start, start + 0x1000, start + 0x2000));
    }
  }

  @Test
  void aRingThatWasNotDescribedCannotBeStarted() throws IOException {
    negotiate();
    try (Notifier kick = Notifier.eventfd();
        GuestMemory memory = GuestMemory.of(1 << 20)) {
      assertRefused(() -> frontend.ring(0).setKick(kick));
      frontend.ring(0).setSize(16);
      assertRefused(() -> frontend.ring(0).setKick(kick));
      assertRefused(frontend.ring(0)::setNoKick);
      frontend.setMemory(memory);
      frontend.ring(0).setAddresses(RingLayout.allocate(memory, 16), memory);
      frontend.ring(0).setKick(kick);
    }
  }

  @Test
  void aRunningRingCannotBeDescribedAnew() throws Exception {
    frontend.close();
    try (VhostBlkClient client = rig.connect()) {
      VringControl ring = client.frontend().ring(0);
      assertThrows(VhostUserException.Refused.class, () -> ring.setSize(16));
      assertThrows(VhostUserException.Refused.class, () -> ring.setBase(16));
      assertThrows(
          VhostUserException.Refused.class,
          () -> ring.setAddresses(client.queue(0).async().ring().layout(), client.memory()));
      client.queue(0).flush();
    }
  }
}
