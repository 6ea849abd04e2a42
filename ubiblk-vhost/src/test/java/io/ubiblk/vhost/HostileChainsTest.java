package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Operation;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.Completion;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.DeviceViolationException;
import io.ubiblk.testkit.vhost.DriverQueue;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.SplitRing;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random chains: each comes back once, and no byte changes that it did not offer, neither in memory
 * nor on the disk.
 */
class HostileChainsTest {

  private static final long SEED = 20261121;
  private static final int CHAINS = 10_000;
  private static final int AREA = 1 << 16;
  private static final int TABLES = 1 << 12;
  private static final int RING = 32;
  private static final int[] TYPES = {0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 2, 99};

  @TempDir Path folder;
  private final Random random = new Random(SEED);
  private Rig rig;
  private GuestMemory memory;
  private GuestRegion area;
  private VhostBlkClient client;
  private long tables;

  /** Bytes of the area that the present chain offers to be written. */
  private final BitSet offered = new BitSet(AREA);

  private byte[] content = new byte[AREA];

  @BeforeEach
  void start() throws Exception {
    rig = Rig.start(folder);
    memory = new GuestMemory();
    memory.addRegion(0x100000, 1 << 20);
    area = memory.addRegion(0x200000, AREA);
    tables = memory.allocateIn(memory.addRegion(0x800000, 1 << 20), 4 * TABLES, 16);
    client = rig.connect(o -> o.withMemory(memory).withQueues(1, RING));
    random.nextBytes(content);
    memory.write(area.start(), content);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    memory.close();
    rig.close();
  }

  private long anyAddress() {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextLong();
      case 1 -> area.start() - random.nextInt(600);
      case 2 -> area.end() - random.nextInt(600);
      case 3 -> 0;
      default -> area.start() + random.nextInt(AREA);
    };
  }

  private int anyLength() {
    return switch (random.nextInt(10)) {
      case 0 -> random.nextInt();
      case 1 -> 0;
      case 2, 3 -> 1;
      case 4, 5, 6 -> 512 * random.nextInt(20);
      default -> random.nextInt(3000);
    };
  }

  private void offer(long address, int length) {
    long from = Math.max(address, area.start());
    long to = Math.min(address + Integer.toUnsignedLong(length), area.end());
    if (address >= 0 && from < to) {
      offered.set((int) (from - area.start()), (int) (to - area.start()));
    }
  }

  /** A list of buffers: a request as it should be, with a few things wrong, or nonsense. */
  private DescriptorList anyDescriptors(int most, boolean withTable) {
    DescriptorList list = new DescriptorList();
    boolean nonsense = random.nextInt(3) == 0;
    int type = TYPES[random.nextInt(TYPES.length)];
    boolean writable = type == BlkRequest.IN || type == BlkRequest.GET_ID;
    int mistake = nonsense || random.nextBoolean() ? -1 : random.nextInt(most);
    int count = 1 + random.nextInt(most);
    int left = 512 * random.nextInt(12);
    boolean tableUsed = !withTable;
    for (int i = 0; i < count; i++) {
      boolean last = i == count - 1;
      if (!tableUsed && random.nextInt(10) == 0) {
        tableUsed = true;
        addTable(list);
      } else if (nonsense || i == mistake) {
        add(list, anyAddress(), anyLength(), random.nextBoolean());
      } else if (i == 0) {
        list.readable(header(type), 16);
      } else if (last) {
        add(list, inside(1), 1, true);
      } else {
        int take = i == count - 2 ? left : random.nextInt(left + 1);
        left -= take;
        add(list, inside(take), take, writable);
      }
      mislead(list, i);
    }
    return list;
  }

  private void add(DescriptorList list, long address, int length, boolean writable) {
    if (writable) {
      offer(address, length);
      list.writable(address, length);
    } else {
      list.readable(address, length);
    }
  }

  private long inside(int length) {
    return area.start() + random.nextInt(AREA - length);
  }

  /** Links a descriptor elsewhere: never to one of an earlier chain, whose memory is not known. */
  private void mislead(DescriptorList list, int last) {
    switch (random.nextInt(100)) {
      case 0 -> list.linkToIndex(64 + random.nextInt(100));
      case 1 -> list.linkToPosition(random.nextInt(last + 1));
      case 2 -> list.endChain();
      default -> {}
    }
  }

  /** Writes a header to some place in the area, and returns it. */
  private long header(int type) {
    int at = random.nextInt(AREA - 16);
    byte[] header = BlkRequest.header(type, anySector());
    System.arraycopy(header, 0, content, at, 16);
    memory.write(area.start() + at, header);
    return area.start() + at;
  }

  private long anySector() {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextLong();
      case 1 -> Rig.SIZE / 512 - random.nextInt(10);
      default -> random.nextInt((int) (Rig.SIZE / 512));
    };
  }

  private void addTable(DescriptorList list) {
    DescriptorList table = anyDescriptors(40, random.nextInt(10) == 0);
    long address = tables + random.nextInt(TABLES);
    table.writeTable(memory, address);
    int flags = SplitRing.INDIRECT | (random.nextInt(4) == 0 ? SplitRing.WRITE : 0);
    int size = random.nextInt(8) == 0 ? anyLength() : table.count() * SplitRing.DESCRIPTOR_SIZE;
    list.add(address, size, flags);
  }

  /** What was not offered must be as before. */
  private void assertNoStrayWrites(String round) {
    MemorySegment expected = MemorySegment.ofArray(content);
    for (int from = offered.nextClearBit(0); from < AREA; ) {
      int next = offered.nextSetBit(from);
      int to = next < 0 ? AREA : next;
      long at = MemorySegment.mismatch(area.segment(), from, to, expected, from, to);
      assertEquals(-1, at, "byte " + (from + at) + " was written, in " + round);
      from = offered.nextClearBit(to);
    }
    content = area.segment().toArray(ValueLayout.JAVA_BYTE);
    offered.clear();
  }

  @Test
  void randomChainsAllComeBackAndWriteOnlyWhatTheyOffer() throws Exception {
    int[] outcomes = new int[256];
    for (int i = 0; i < CHAINS; i++) {
      DescriptorList chain = anyDescriptors(10, true);
      Completion completion = client.queue(0).execute(chain, -1);
      outcomes[completion.usedLength() == 0 ? 255 : 0]++;
      assertNoStrayWrites("chain " + i + " of seed " + SEED);
    }
    assertTrue(outcomes[0] > CHAINS / 10, "too few chains had a status: " + outcomes[0]);
    for (Operation operation : new Operation[] {Operation.READ, Operation.WRITE, Operation.FLUSH}) {
      assertTrue(rig.device.requests(operation).size() > 20, "too few were executed: " + operation);
    }
    client.close();
    rig.assertServes();
  }

  @Test
  void randomWritesReachOnlyTheSectorsThatTheyName() throws Exception {
    byte[] disk = new byte[(int) Rig.SIZE];
    for (int batch = 0; batch < 40; batch++) {
      rig.device.forgetRequests();
      for (int i = 0; i < 50; i++) {
        client.queue(0).execute(anyDescriptors(6, true), -1);
      }
      try (BlockingAccess access = BlockingAccess.open(rig.device.delegate(), rig.group.next())) {
        byte[] now = access.read(0, (int) Rig.SIZE);
        for (ScriptedDevice.Request request : rig.device.requests()) {
          if (request.operation() != Operation.READ) {
            int from = (int) request.offset();
            System.arraycopy(now, from, disk, from, (int) request.length());
          }
        }
        assertEquals(-1, Arrays.mismatch(disk, now), "batch " + batch + " of seed " + SEED);
      }
    }
  }

  @Test
  void chainsThatChangeWhileTheyAreReadHarmNobody() throws Exception {
    boolean[] stop = new boolean[1];
    SplitRing ring = client.queue(0).async().ring();
    MemorySegment table = memory.slice(tables, 4 * TABLES);
    MemorySegment descriptors = memory.slice(ring.layout().descriptors(), RING * 16);
    Thread scribbler =
        Thread.ofPlatform()
            .start(
                () -> {
                  Random other = new Random(SEED);
                  while (!stop[0]) {
                    for (int i = 0; i < 200; i++) {
                      MemorySegment target = i % 2 == 0 ? table : descriptors;
                      long at = other.nextLong(target.byteSize() / 16) * 16 + other.nextInt(16);
                      target.set(ValueLayout.JAVA_BYTE, at, (byte) other.nextInt());
                    }
                    Thread.onSpinWait();
                  }
                });
    try {
      for (int round = 0; round < 1500; round++) {
        for (int i = 0; i < 8; i++) {
          client.queue(0).async().submitChain(anyDescriptors(3, true), -1, i);
        }
        // A loop that was made meanwhile may claim to have written more than was offered.
        drain();
      }
    } finally {
      stop[0] = true;
      scribbler.join();
    }
    client.close();
    rig.assertServes();
  }

  private void drain() throws IOException {
    try {
      client.queue(0).async().drain((tag, status, used) -> {}, Duration.ofSeconds(10));
    } catch (DeviceViolationException e) {
      if (!String.valueOf(e.getMessage()).contains("bytes written")) {
        throw e;
      }
    }
  }

  @Test
  void anAvailableIndexThatJumpsBreaksTheRing() throws Exception {
    for (int jump : new int[] {RING + 1, 1000, 0x7fff, 0xffff}) {
      client.queue(0).async().ring().setAvailableIndex(jump);
      client.queue(0).async().forceKick();
      assertTrue(client.error(0).await(Duration.ofSeconds(10)), "jump of " + jump);
      assertEquals(0, client.stop(0));
      client.queue(0).async().ring().setAvailableIndex(0);
      client.start(0, 0);
    }
    client.queue(0).flush();
  }

  @Test
  void aHeadOutOfRangeBreaksTheRing() throws Exception {
    DriverQueue queue = client.queue(0);
    for (int head : new int[] {RING, 0x7fff, 0xffff}) {
      queue.async().ring().setAvailableEntry(0, head);
      queue.async().ring().setAvailableIndex(1);
      queue.async().forceKick();
      assertTrue(client.error(0).await(Duration.ofSeconds(10)), "head " + head);
      assertEquals(0, client.stop(0), "the base is the used index");
      queue.async().ring().setAvailableIndex(0);
      client.start(0, 0);
    }
    queue.flush();
  }

  @Test
  void requestsBeforeABrokenEntryAreGivenBack() throws Exception {
    DriverQueue queue = client.queue(0);
    rig.device.hold(r -> true);
    for (int i = 0; i < 4; i++) {
      queue.async().submitFlush(i);
    }
    queue.async().kick();
    Await.until(() -> rig.device.heldCount() == 4);
    queue.async().ring().setAvailableEntry(4, 0x8000);
    queue.async().ring().setAvailableIndex(5);
    queue.async().forceKick();
    assertTrue(client.error(0).await(Duration.ofSeconds(10)));
    rig.device.release();
    queue.async().drain((tag, status, used) -> assertEquals(0, status), Duration.ofSeconds(10));
    assertEquals(4, client.stop(0));
  }

  @Test
  void aDriverThatOffersOneChainAgainAndAgainIsAnsweredAsOften() throws Exception {
    SplitRing ring = client.queue(0).async().ring();
    long status = memory.allocate(1, 1);
    long header = memory.allocate(16, 16);
    memory.write(header, BlkRequest.header(BlkRequest.FLUSH, 0));
    ring.setDescriptor(5, header, 16, SplitRing.NEXT, 6);
    ring.setDescriptor(6, status, 1, SplitRing.WRITE, 0);
    rig.device.hold(r -> true);
    for (int i = 0; i < RING; i++) {
      ring.setAvailableEntry(i, 5);
    }
    ring.setAvailableIndex(RING);
    client.queue(0).async().forceKick();
    Await.until(() -> rig.device.heldCount() == RING);
    // All slots are taken; more that is offered must not keep the reactor busy.
    long before = Processes.cpuNanos();
    ring.setAvailableIndex(2 * RING);
    client.queue(0).async().forceKick();
    Thread.sleep(500);
    long used = Processes.cpuNanos() - before;
    assertTrue(used < 250_000_000, "processor time while nothing can be done: " + used);
    rig.device.release();
    Await.until(() -> ring.usedIndex() == 2 * RING);
  }
}
