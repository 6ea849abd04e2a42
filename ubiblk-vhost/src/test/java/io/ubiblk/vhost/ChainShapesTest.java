package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.AsyncQueue;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.Completion;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.DriverQueue;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.SplitRing;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptor chains of every shape that virtio allows, and of many that it does not. */
class ChainShapesTest {

  private static final int SECTOR = 40;
  private static final int RING = 16;
  private static final Completion NOTHING_WRITTEN =
      new Completion(DriverQueue.WAITED_FOR, BlkRequest.NO_STATUS, 0);

  @TempDir Path folder;
  private Rig rig;
  private GuestMemory memory;
  private GuestRegion left;
  private VhostBlkClient client;
  private byte[] data;
  private long header;
  private long buffer;
  private long status;

  @BeforeEach
  void start() throws Exception {
    rig = Rig.start(folder);
    memory = new GuestMemory();
    left = memory.addRegion(0x100000, 1 << 20);
    memory.addRegion(0x200000, 1 << 20);
    client = rig.connect(o -> o.withMemory(memory).withQueues(1, RING));
    data = new byte[4096];
    new Random(11).nextBytes(data);
    header = memory.allocate(16, 16);
    buffer = memory.allocate(8192, 4096);
    status = memory.allocate(1, 1);
    memory.write(header, BlkRequest.header(BlkRequest.OUT, SECTOR));
    memory.write(buffer, data);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    memory.close();
    rig.close();
  }

  private Completion run(DescriptorList chain) throws IOException {
    return client.queue(0).execute(chain, status);
  }

  private DescriptorList withHeader() {
    return new DescriptorList().readable(header, 16);
  }

  private void assertWritten(DescriptorList chain) throws IOException {
    Completion completion = run(chain);
    assertEquals(BlkRequest.OK, completion.status());
    assertEquals(1, completion.usedLength());
    assertArrayEquals(data, client.queue(0).read(SECTOR, data.length));
  }

  private void assertRefused(DescriptorList chain) throws IOException {
    assertEquals(new Completion(DriverQueue.WAITED_FOR, BlkRequest.IOERR, 1), run(chain));
    assertNothingHappened();
  }

  private void assertReturnedEmpty(DescriptorList chain) throws IOException {
    assertEquals(NOTHING_WRITTEN, run(chain));
    assertNothingHappened();
  }

  private void assertNothingHappened() throws IOException {
    assertArrayEquals(new byte[8192], client.queue(0).read(SECTOR, 8192));
  }

  @Test
  void theHeaderMayBeSplit() throws IOException {
    DescriptorList chain = new DescriptorList();
    chain.readable(header, 3).readable(header + 3, 1).readable(header + 4, 12);
    assertWritten(chain.readable(buffer, 4096).writable(status, 1));
  }

  @Test
  void theHeaderMayShareADescriptorWithData() throws IOException {
    long joined = memory.allocate(16 + 4096, 1);
    memory.write(joined, BlkRequest.header(BlkRequest.OUT, SECTOR));
    memory.write(joined + 16, data);
    assertWritten(new DescriptorList().readable(joined, 16 + 4096).writable(status, 1));
  }

  @Test
  void dataMayComeInOddPiecesAtOddAddresses() throws IOException {
    long odd = memory.allocate(8192, 4096) + 13;
    memory.write(odd, data);
    DescriptorList chain = withHeader();
    chain.readable(odd, 1).readable(odd + 1, 700).readable(odd + 701, 4096 - 701);
    assertWritten(chain.writable(status, 1));
  }

  @Test
  void headerAndStatusMayLieAtOddAddresses() throws IOException {
    long odd = memory.allocate(64, 64) + 7;
    memory.write(odd, BlkRequest.header(BlkRequest.OUT, SECTOR));
    DescriptorList chain = new DescriptorList().readable(odd, 16).readable(buffer, 4096);
    Completion completion = client.queue(0).execute(chain.writable(odd + 16, 1), odd + 16);
    assertEquals(BlkRequest.OK, completion.status());
    assertArrayEquals(data, client.queue(0).read(SECTOR, 4096));
  }

  @Test
  void theStatusMayShareADescriptorWithData() throws IOException {
    client.queue(0).write(SECTOR, data);
    memory.write(header, BlkRequest.header(BlkRequest.IN, SECTOR));
    DescriptorList chain = withHeader().writable(buffer + 1, 4097);
    Completion completion = client.queue(0).execute(chain, buffer + 4097);
    assertEquals(new Completion(DriverQueue.WAITED_FOR, BlkRequest.OK, 4097), completion);
    assertArrayEquals(data, memory.read(buffer + 1, 4096));
  }

  @Test
  void aBufferMayCrossMemoryRegions() throws IOException {
    long across = memory.allocateAcross(left, 1001, 4096 - 1001);
    memory.write(across, data);
    assertWritten(withHeader().readable(across, 4096).writable(status, 1));
    memory.write(across, new byte[4096]);
    memory.write(header, BlkRequest.header(BlkRequest.IN, SECTOR));
    assertEquals(4097, run(withHeader().writable(across, 4096).writable(status, 1)).usedLength());
    assertArrayEquals(data, memory.read(across, 4096));
  }

  @Test
  void aHeaderMayCrossMemoryRegions() throws IOException {
    long across = memory.allocateAcross(left, 5, 11);
    memory.write(across, BlkRequest.header(BlkRequest.OUT, SECTOR));
    assertWritten(
        new DescriptorList().readable(across, 16).readable(buffer, 4096).writable(status, 1));
  }

  @Test
  void aTableMayCrossMemoryRegions() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 4096).writable(status, 1);
    long across = memory.allocateAcross(left, 23, 48 - 23);
    table.writeTable(memory, across);
    assertWritten(new DescriptorList().indirect(across, table));
  }

  @Test
  void emptyDescriptorsMayStandAnywhere() throws IOException {
    DescriptorList chain = new DescriptorList().readable(0, 0).readable(header, 16);
    chain.readable(buffer, 0).readable(buffer, 4096).writable(0, 0).writable(status, 1);
    assertWritten(chain.writable(-1, 0));
  }

  @Test
  void aChainMayGoOnFromDirectDescriptorsToAnIndirectOne() throws IOException {
    DescriptorList table = new DescriptorList().readable(buffer, 4096).writable(status, 1);
    long address = memory.allocate(64, 16);
    table.writeTable(memory, address);
    assertWritten(withHeader().indirect(address, table));
  }

  @Test
  void aTableMayLieAtAnOddAddress() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 4096).writable(status, 1);
    long odd = memory.allocate(4096, 16) + 5;
    table.writeTable(memory, odd);
    assertWritten(new DescriptorList().indirect(odd, table));
  }

  @Test
  void theWriteFlagOfTheDescriptorThatRefersToATableIsIgnored() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 4096).writable(status, 1);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertWritten(new DescriptorList().add(address, 48, SplitRing.INDIRECT | SplitRing.WRITE));
  }

  @Test
  void aChainLongerThanTheRingIsAnswered() throws IOException {
    DescriptorList table = withHeader();
    for (int i = 0; i < 4 * RING; i++) {
      table.readable(buffer + i * 64L, 64);
    }
    long address = memory.allocate((4 * RING + 2) * 16L, 16);
    table.writable(status, 1).writeTable(memory, address);
    assertWritten(new DescriptorList().indirect(address, table));
  }

  @Test
  void linksInsideATableNeedNotFollowItsOrder() throws IOException {
    DescriptorList table = new DescriptorList();
    table.readable(header, 16).linkToPosition(2);
    table.writable(status, 1).endChain();
    table.readable(buffer, 4096).linkToPosition(1);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertWritten(new DescriptorList().indirect(address, table));
  }

  @Test
  void linksInsideAChainNeedNotFollowItsOrder() throws IOException {
    DescriptorList chain = new DescriptorList();
    chain.readable(header, 16).linkToPosition(2);
    chain.writable(status, 1).endChain();
    assertWritten(chain.readable(buffer, 4096).linkToPosition(1));
  }

  @Test
  void aLoopComesBackWithNothingWritten() throws IOException {
    assertReturnedEmpty(withHeader().readable(buffer, 512).linkToPosition(0));
    assertReturnedEmpty(withHeader().writable(buffer, 512).linkToPosition(1));
  }

  @Test
  void aLoopInATableComesBackWithNothingWritten() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 512).linkToPosition(0);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertReturnedEmpty(new DescriptorList().indirect(address, table));
  }

  @Test
  void aLinkOutOfTheRingComesBackWithNothingWritten() throws IOException {
    for (int link : new int[] {RING, 0x7fff, 0xffff}) {
      assertReturnedEmpty(withHeader().linkToIndex(link));
    }
  }

  @Test
  void aLinkOutOfATableComesBackWithNothingWritten() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 512).linkToIndex(3);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertReturnedEmpty(new DescriptorList().indirect(address, table));
  }

  @Test
  void aTableOfAnImpossibleSizeComesBackWithNothingWritten() throws IOException {
    withHeader().writable(status, 1).writeTable(memory, buffer);
    for (int size : new int[] {0, 1, 15, 17, 31, -16, 32769 * 16}) {
      assertReturnedEmpty(new DescriptorList().add(buffer, size, SplitRing.INDIRECT));
    }
  }

  @Test
  void aTableOutsideMemoryComesBackWithNothingWritten() throws IOException {
    long end = memory.regions().getLast().end();
    for (long address : new long[] {end - 16, end, 0, -16, Long.MAX_VALUE, Long.MIN_VALUE}) {
      DescriptorList chain = new DescriptorList().add(address, 32, SplitRing.INDIRECT);
      assertEquals(NOTHING_WRITTEN, client.queue(0).execute(chain, -1));
    }
  }

  @Test
  void aTableInATableComesBackWithNothingWritten() throws IOException {
    DescriptorList inner = withHeader().readable(buffer, 512).writable(status, 1);
    long innerAddress = memory.allocate(48, 16);
    inner.writeTable(memory, innerAddress);
    DescriptorList outer = new DescriptorList().indirect(innerAddress, inner);
    long outerAddress = memory.allocate(16, 16);
    outer.writeTable(memory, outerAddress);
    assertReturnedEmpty(new DescriptorList().indirect(outerAddress, outer));
  }

  @Test
  void aTableThatIsNotTheEndOfItsChainComesBackWithNothingWritten() throws IOException {
    DescriptorList table = withHeader().readable(buffer, 512);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertReturnedEmpty(new DescriptorList().indirect(address, table).writable(status, 1));
  }

  @Test
  void aTableThatWasNotNegotiatedComesBackWithNothingWritten() throws Exception {
    client.close();
    client =
        rig.connect(
            o ->
                o.withMemory(memory)
                    .withQueues(1, RING)
                    .withoutFeatures(VirtioFeatures.INDIRECT_DESC));
    DescriptorList table = withHeader().readable(buffer, 512).writable(status, 1);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertReturnedEmpty(new DescriptorList().indirect(address, table));
  }

  @Test
  void dataOutsideMemoryFails() throws IOException {
    long end = memory.regions().getLast().end();
    for (long address :
        new long[] {0, 0xffffe, end - 100, -4096, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertRefused(withHeader().readable(address, 4096).writable(status, 1));
    }
  }

  @Test
  void aHeaderOutsideMemoryFails() throws IOException {
    long end = memory.regions().getLast().end();
    for (long address : new long[] {0, end - 15, -16, Long.MAX_VALUE - 7}) {
      assertRefused(
          new DescriptorList().readable(address, 16).readable(buffer, 512).writable(status, 1));
    }
  }

  @Test
  void aShortHeaderFails() throws IOException {
    assertRefused(new DescriptorList().readable(header, 15).writable(status, 1));
    assertRefused(new DescriptorList().writable(status, 1));
    assertRefused(new DescriptorList().writable(buffer, 512).writable(status, 1));
  }

  @Test
  void readableDescriptorsBehindWritableOnesFail() throws IOException {
    assertRefused(withHeader().writable(buffer, 512).readable(buffer, 512).writable(status, 1));
  }

  @Test
  void dataForTheWrongDirectionFails() throws IOException {
    assertRefused(withHeader().readable(buffer, 512).writable(buffer, 512).writable(status, 1));
    memory.write(header, BlkRequest.header(BlkRequest.IN, SECTOR));
    byte[] before = memory.read(buffer, 1024);
    assertRefused(withHeader().readable(buffer, 512).writable(buffer, 512).writable(status, 1));
    assertArrayEquals(before, memory.read(buffer, 1024));
  }

  @Test
  void aChainWithoutRoomForAStatusComesBackWithNothingWritten() throws IOException {
    assertReturnedEmpty(withHeader().readable(buffer, 512));
    assertReturnedEmpty(withHeader().readable(buffer, 512).writable(status, 0));
    assertReturnedEmpty(new DescriptorList().readable(0, 0));
  }

  @Test
  void aStatusOutsideMemoryComesBackWithNothingWritten() throws IOException {
    long end = memory.regions().getLast().end();
    for (long address : new long[] {0, end, -1, Long.MAX_VALUE}) {
      assertReturnedEmpty(withHeader().readable(buffer, 512).writable(address, 1));
    }
  }

  @Test
  void lengthsBeyondFourGigabytesFail() throws IOException {
    DescriptorList chain = withHeader();
    for (int i = 0; i < 5; i++) {
      chain.readable(buffer, -1);
    }
    assertRefused(chain.writable(status, 1));
  }

  @Test
  void everyMalformedChainIsNotifiedByItself() throws IOException {
    DescriptorList[] chains = {
      withHeader().linkToIndex(0x7fff),
      withHeader().readable(buffer, 512),
      withHeader().readable(0, 512).writable(status, 1),
      new DescriptorList().writable(status, 1),
      new DescriptorList().add(0, 16, SplitRing.INDIRECT),
    };
    Notifier call = Objects.requireNonNull(client.call(0));
    for (DescriptorList chain : chains) {
      AsyncQueue queue = client.queue(0).async();
      call.drain();
      queue.ring().setUsedEvent(queue.usedIndex());
      queue.submitChain(chain, -1, 7);
      queue.kick();
      assertTrue(call.await(Duration.ofSeconds(5)));
      assertEquals(1, queue.poll((tag, s, length) -> assertEquals(7, tag)));
    }
  }

  @Test
  void aReadOfThousandsOfPiecesAndMoreThanAMegabyteIsServed() throws Exception {
    int pieces = 3000;
    byte[] content = new byte[2 << 20];
    new Random(5).nextBytes(content);
    try (GuestMemory large = GuestMemory.of(8 << 20);
        VhostBlkClient other = reconnected(large)) {
      other.queue(0).write(0, content);
      long target = large.allocate(content.length, 1) + 1;
      DescriptorList list = new DescriptorList();
      int done = 0;
      for (int i = 0; i < pieces; i++) {
        int take = i == pieces - 1 ? content.length - done : content.length / pieces;
        list.writable(target + done, take);
        done += take;
      }
      Completion completion = other.queue(0).execute(BlkRequest.IN, 0, list);
      assertEquals(BlkRequest.OK, completion.status());
      assertEquals(content.length + 1, completion.usedLength());
      assertArrayEquals(content, large.read(target, content.length));
    }
  }

  @Test
  void monstrousTablesDoNotKeepTheQueueBusy() throws Exception {
    try (GuestMemory large = GuestMemory.of(8 << 20);
        VhostBlkClient other = reconnected(large)) {
      DescriptorList table = new DescriptorList().readable(large.regions().getFirst().start(), 16);
      long data = large.allocate(4096, 1);
      for (int i = 0; i < 32765; i++) {
        // No two of them touch, so that each is a piece of its own.
        table.readable(data + i % 2 * 1000L, 4);
      }
      long place = large.allocate(1, 1);
      table.writable(place, 1);
      long address = large.allocate(32767 * 16, 16);
      table.writeTable(large, address);
      DescriptorList chain = new DescriptorList().indirect(address, table);
      for (int i = 0; i < 15; i++) {
        other.queue(0).async().submitChain(chain, place, i);
      }
      other
          .queue(0)
          .async()
          .drain((tag, s, length) -> assertEquals(1, length), Duration.ofSeconds(10));
    }
  }

  private VhostBlkClient reconnected(GuestMemory other) throws Exception {
    client.close();
    return rig.connect(o -> o.withMemory(other).withQueues(1, RING));
  }

  @Test
  void thousandsOfRandomShapesOfTheSameRequestAreServedAlike() throws IOException {
    Random random = new Random(20261121);
    long target = memory.allocate(3 * 4096, 4096);
    for (int i = 0; i < 2000; i++) {
      random.nextBytes(data);
      DescriptorList parts = new DescriptorList();
      long at = target + random.nextInt(4096);
      memory.write(at, BlkRequest.header(BlkRequest.OUT, SECTOR));
      memory.write(at + 16, data);
      int rest = 16 + data.length;
      for (int n = 0; rest > 0; n++) {
        int take = n == RING - 3 ? rest : 1 + random.nextInt(rest);
        parts.readable(at, take);
        at += take;
        rest -= take;
      }
      parts.writable(status, 1);
      Completion completion = run(perhapsInTable(parts, random));
      assertEquals(BlkRequest.OK, completion.status(), "round " + i);
      if (i % 50 == 0) {
        assertArrayEquals(data, client.queue(0).read(SECTOR, data.length), "round " + i);
      }
    }
    assertArrayEquals(data, client.queue(0).read(SECTOR, data.length));
    assertArrayEquals(new byte[512], client.queue(0).read(SECTOR - 1, 512));
    assertArrayEquals(new byte[512], client.queue(0).read(SECTOR + 8, 512));
  }

  /** The chain as it is, or in a table. */
  private DescriptorList perhapsInTable(DescriptorList parts, Random random) {
    if (random.nextBoolean()) {
      return parts;
    }
    long address = buffer + random.nextInt(64);
    parts.writeTable(memory, address);
    return new DescriptorList().indirect(address, parts);
  }
}
