package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guests that cut off the memory that they share, again and again, while a neighbour on the same
 * reactor works. The error of an access that faults must break the guest's own queue and no other.
 */
@SuppressWarnings("NullAway.Init") // each test starts what it needs
class TruncatedMemoryTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofSeconds(2);
  private static final int RING = 256;
  private static final Set<ReactorOptions.Kind> COMPILED =
      EnumSet.noneOf(ReactorOptions.Kind.class);

  @TempDir Path folder;
  private Rig rig;
  private Neighbour neighbour;
  private final Random random = new Random(20261121);

  private void start(ScriptedDevice device, ReactorOptions.Kind kind) throws Exception {
    rig = new Rig(folder, 1, kind, device, b -> b);
    neighbour = new Neighbour(folder, rig.group);
    // Let everything be compiled, once: only compiled code is late with its faults.
    long warm = neighbour.requests() + (COMPILED.add(kind) ? 100_000 : 1_000);
    visit(0, memory -> {});
    Await.until(() -> neighbour.requests() > warm);
    neighbour.forgetPauses();
  }

  @AfterEach
  void stop() throws Exception {
    try {
      neighbour.assertUndisturbed(PAUSE);
    } finally {
      neighbour.close();
      rig.close();
    }
    Await.until(() -> Processes.guestMappings() == 0);
  }

  /** What a hostile guest does. */
  private interface Attack {
    void run(Guest guest) throws Exception;
  }

  /** A guest with rings and headers in one region and data in another. */
  private record Guest(VhostBlkClient client, GuestRegion rings, GuestRegion data) {
    AsyncQueue queue() {
      return client.queue(0).async();
    }

    long buffer() {
      return data.start();
    }
  }

  /** Works for a while as a guest should, then attacks. */
  private void visit(int rounds, Attack attack) throws Exception {
    try (GuestMemory memory = new GuestMemory()) {
      GuestRegion rings = memory.addRegion(0x100000, 1 << 20);
      GuestRegion data = memory.addRegion(0x1000000, 1 << 20);
      try (VhostBlkClient client =
          rig.connect(o -> o.withMemory(memory).withQueues(1, RING).withTableEntries(8))) {
        Guest guest = new Guest(client, rings, data);
        for (int i = 0; i < rounds; i++) {
          fill(guest.queue(), guest.buffer());
          guest.queue().drain((tag, status, used) -> assertTrue(status == 0), LONG);
        }
        attack.run(guest);
      }
    }
  }

  private static void fill(AsyncQueue queue, long buffer) {
    for (int i = 0; i < RING; i++) {
      if (i % 2 == 0) {
        queue.submitRead(i, buffer + 512L * i, 512, i);
      } else {
        queue.submitWrite(i, buffer + 512L * i, 512, i);
      }
    }
  }

  private void attackOften(int times, Attack attack) throws Exception {
    for (int i = 0; i < times; i++) {
      visit(1 + random.nextInt(5), attack);
    }
    rig.assertServes();
  }

  private static void assertDisconnected(Guest guest) throws IOException {
    assertTrue(guest.client().frontend().connection().awaitClosed(LONG));
  }

  /** Cuts a region off at a random moment of the work that has been submitted. */
  private void cutSoon(GuestRegion region, long size) throws Exception {
    long until = System.nanoTime() + random.nextInt(200_000);
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    region.truncate(size);
  }

  private void attackTheRing(Guest guest) throws Exception {
    fill(guest.queue(), guest.buffer());
    guest.queue().kick();
    cutSoon(guest.rings(), 0);
    guest.queue().forceKick();
    assertDisconnected(guest);
  }

  /** Cuts the ring off while it is polled and nothing is in it. */
  private void attackTheQuietRing(Guest guest) throws Exception {
    for (int i = 0; i < 3; i++) {
      guest.queue().submitFlush(i);
      guest.queue().kick();
      assertTrue(guest.queue().spin(LONG));
      guest.queue().poll((tag, status, used) -> {});
    }
    guest.rings().truncate(0);
    Objects.requireNonNull(guest.client().kick(0)).signal();
    assertDisconnected(guest);
  }

  private void attackTheUsedRing(Guest guest) throws Exception {
    fill(guest.queue(), guest.buffer());
    long used = guest.queue().ring().layout().used() - guest.rings().start();
    guest.queue().kick();
    cutSoon(guest.rings(), used & -4096);
    guest.queue().forceKick();
    assertDisconnected(guest);
  }

  /** What was offered before the cut may have been over by then: only offering more shows it. */
  private void attackTheData(Guest guest) throws Exception {
    fill(guest.queue(), guest.buffer());
    guest.queue().kick();
    cutSoon(guest.data(), 0);
    long deadline = System.nanoTime() + LONG.toNanos();
    do {
      guest.queue().poll((tag, status, used) -> {});
      fill(guest.queue(), guest.buffer());
      guest.queue().kick();
      assertTrue(System.nanoTime() < deadline, "the guest is still connected");
    } while (!guest.client().frontend().connection().awaitClosed(Duration.ofMillis(1)));
  }

  private void attackWith(Guest guest, DescriptorList chain) throws Exception {
    for (int i = 0; i < 32; i++) {
      guest.queue().submitChain(chain, -1, i);
    }
    guest.queue().kick();
    cutSoon(guest.data(), 0);
    guest.queue().poll((tag, status, used) -> {});
    for (int i = 0; i < 32; i++) {
      guest.queue().submitChain(chain, -1, i);
    }
    guest.queue().kick();
    guest.queue().forceKick();
    assertDisconnected(guest);
  }

  private void attackTheHeader(Guest guest) throws Exception {
    guest.client().memory().write(guest.buffer(), BlkRequest.header(BlkRequest.IN, 0));
    DescriptorList chain = new DescriptorList().readable(guest.buffer(), 16);
    long status = guest.client().memory().allocateIn(guest.rings(), 513, 1);
    attackWith(guest, chain.writable(status, 513));
  }

  private void attackTheTable(Guest guest) throws Exception {
    long header = guest.client().memory().allocateIn(guest.rings(), 600, 1);
    guest.client().memory().write(header, BlkRequest.header(BlkRequest.OUT, 3));
    DescriptorList table = new DescriptorList().readable(header, 16 + 512).writable(header, 1);
    table.writeTable(guest.client().memory(), guest.buffer() + 8);
    attackWith(guest, new DescriptorList().indirect(guest.buffer() + 8, table));
  }

  private void attackTheStatus(Guest guest) throws Exception {
    long header = guest.client().memory().allocateIn(guest.rings(), 600, 1);
    guest.client().memory().write(header, BlkRequest.header(BlkRequest.OUT, 3));
    DescriptorList chain = new DescriptorList().readable(header, 16 + 512);
    attackWith(guest, chain.writable(guest.buffer() + 100, 1));
  }

  @Test
  void aRingThatVanishesEndsOnlyItsOwnSession() throws Exception {
    start(Rig.memory(), ReactorOptions.Kind.AUTOMATIC);
    attackOften(30, this::attackTheRing);
    attackOften(30, this::attackTheUsedRing);
  }

  @Test
  void aQuietRingThatVanishesEndsOnlyItsOwnSession() throws Exception {
    start(Rig.memory(), ReactorOptions.Kind.AUTOMATIC);
    attackOften(40, this::attackTheQuietRing);
  }

  @Test
  void dataThatVanishesEndsOnlyItsOwnSession() throws Exception {
    start(Rig.memory(), ReactorOptions.Kind.AUTOMATIC);
    attackOften(30, this::attackTheData);
  }

  @Test
  void headersTablesAndStatusesThatVanishEndOnlyTheirOwnSession() throws Exception {
    start(Rig.memory(), ReactorOptions.Kind.AUTOMATIC);
    attackOften(20, this::attackTheHeader);
    attackOften(20, this::attackTheTable);
    attackOften(20, this::attackTheStatus);
  }

  @Test
  void memoryThatTheKernelFindsMissingEndsTheSession() throws Exception {
    Path file = folder.resolve("disk.raw");
    start(
        Rig.over(RawFileDevice.create(file, Rig.SIZE, RawFileOptions.DEFAULT)),
        ReactorOptions.Kind.AUTOMATIC);
    attackOften(20, this::attackTheData);
    attackOften(20, this::attackTheRing);
  }

  @Test
  void theSameHoldsOnReactorsWithoutIoUring() throws Exception {
    Path file = folder.resolve("disk.raw");
    start(
        Rig.over(RawFileDevice.create(file, Rig.SIZE, RawFileOptions.DEFAULT)),
        ReactorOptions.Kind.EPOLL);
    attackOften(20, this::attackTheData);
    attackOften(20, this::attackTheRing);
    attackOften(20, this::attackTheTable);
  }

  @Test
  void aRingThatHasVanishedBeforeItStartsIsRefused() throws Exception {
    start(Rig.memory(), ReactorOptions.Kind.AUTOMATIC);
    attackOften(
        20,
        guest -> {
          int base = guest.client().stop(0);
          guest.rings().truncate(0);
          try {
            guest
                .client()
                .frontend()
                .ring(0)
                .setKick(Objects.requireNonNull(guest.client().kick(0)));
          } catch (IOException refused) {
            return;
          }
          throw new AssertionError("a ring was started without memory, at " + base);
        });
  }
}
