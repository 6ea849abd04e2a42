package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chains of every shape that {@link DescriptorList} can have, served by a device that can. */
class ChainShapesTest {

  private static final int SECTOR = 40;

  @TempDir Path folder;
  private FakeBackend backend;
  private GuestMemory memory;
  private VhostBlkClient client;
  private byte[] data;
  private long header;
  private long buffer;
  private long status;

  @BeforeEach
  void start() throws Exception {
    backend = new FakeBackend(folder.resolve("fake.sock"));
    memory = GuestMemory.of(8 << 20);
    client =
        VhostBlkClient.connect(
            VhostBlkOptions.at(folder.resolve("fake.sock")).withMemory(memory).withQueues(1, 16));
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
    backend.close();
  }

  private Completion run(DescriptorList chain) throws IOException {
    return client.queue(0).execute(chain, status);
  }

  private void assertWritten(DescriptorList chain) throws IOException {
    Completion completion = run(chain);
    assertEquals(BlkRequest.OK, completion.status());
    assertEquals(1, completion.usedLength());
    assertArrayEquals(data, client.queue(0).read(SECTOR, data.length));
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
    DescriptorList chain = new DescriptorList().readable(header, 16);
    chain.readable(odd, 1).readable(odd + 1, 700).readable(odd + 701, 4096 - 701);
    assertWritten(chain.writable(status, 1));
  }

  @Test
  void theStatusMayShareADescriptorWithData() throws IOException {
    client.queue(0).write(SECTOR, data);
    memory.write(header, BlkRequest.header(BlkRequest.IN, SECTOR));
    DescriptorList chain = new DescriptorList().readable(header, 16).writable(buffer + 1, 4097);
    Completion completion = client.queue(0).execute(chain, buffer + 4097);
    assertEquals(BlkRequest.OK, completion.status());
    assertEquals(4097, completion.usedLength());
    assertArrayEquals(data, memory.read(buffer + 1, 4096));
  }

  @Test
  void emptyDescriptorsMayStandAnywhere() throws IOException {
    DescriptorList chain = new DescriptorList().readable(0, 0).readable(header, 16);
    chain.readable(buffer, 0).readable(buffer, 4096).writable(0, 0).writable(status, 1);
    assertWritten(chain);
  }

  @Test
  void aChainMayGoOnInAnIndirectTable() throws IOException {
    DescriptorList table = new DescriptorList().readable(buffer, 4096).writable(status, 1);
    long odd = memory.allocate(4096, 16) + 5;
    table.writeTable(memory, odd);
    assertWritten(new DescriptorList().readable(header, 16).indirect(odd, table));
  }

  @Test
  void theWriteFlagOfATableMeansNothing() throws IOException {
    DescriptorList table = new DescriptorList();
    table.readable(header, 16).readable(buffer, 4096).writable(status, 1);
    long address = memory.allocate(48, 16);
    table.writeTable(memory, address);
    assertWritten(new DescriptorList().add(address, 48, SplitRing.INDIRECT | SplitRing.WRITE));
  }

  @Test
  void aTableMayBeLongerThanTheRing() throws IOException {
    DescriptorList table = new DescriptorList().readable(header, 16);
    for (int i = 0; i < 64; i++) {
      table.readable(buffer + i * 64L, 64);
    }
    long address = memory.allocate(66 * 16, 16);
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
    DescriptorList chain = new DescriptorList().readable(header, 16).readable(buffer, 512);
    assertEquals(new Completion(DriverQueue.WAITED_FOR, 0xff, 0), run(chain.linkToPosition(0)));
    assertStillServed();
  }

  @Test
  void aLinkOutOfTheRingComesBackWithNothingWritten() throws IOException {
    DescriptorList chain = new DescriptorList().readable(header, 16).linkToIndex(0xfff0);
    assertEquals(BlkRequest.NO_STATUS, run(chain).status());
    assertStillServed();
  }

  @Test
  void aTableOutsideMemoryComesBackWithNothingWritten() throws IOException {
    long end = memory.regions().getFirst().end();
    DescriptorList chain = new DescriptorList().add(end - 16, 32, SplitRing.INDIRECT);
    assertEquals(0, client.queue(0).execute(chain, -1).usedLength());
    assertStillServed();
  }

  @Test
  void dataOutsideMemoryFails() throws IOException {
    for (long address : new long[] {0, memory.regions().getFirst().end() - 100, -4096, 1L << 62}) {
      DescriptorList chain = new DescriptorList().readable(header, 16);
      assertEquals(
          BlkRequest.IOERR, run(chain.readable(address, 4096).writable(status, 1)).status());
    }
    assertStillServed();
  }

  @Test
  void aChainWithoutRoomForAStatusComesBackEmpty() throws IOException {
    DescriptorList chain = new DescriptorList().readable(header, 16).readable(status, 1);
    assertEquals(new Completion(DriverQueue.WAITED_FOR, 0xff, 0), run(chain));
    assertStillServed();
  }

  @Test
  void lengthsBeyondFourGigabytesAreDescribed() throws IOException {
    DescriptorList chain = new DescriptorList().readable(header, 16);
    for (int i = 0; i < 5; i++) {
      chain.readable(buffer, -1);
    }
    assertEquals(0, run(chain.writable(status, 1)).usedLength());
    assertStillServed();
  }

  private void assertStillServed() throws IOException {
    client.queue(0).write(SECTOR, Arrays.copyOf(data, 512));
    assertArrayEquals(Arrays.copyOf(data, 512), client.queue(0).read(SECTOR, 512));
  }
}
