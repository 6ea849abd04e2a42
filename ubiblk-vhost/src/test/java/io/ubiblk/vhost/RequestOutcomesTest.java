package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.Completion;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.DriverQueue;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.SectorRange;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each kind of request does, says and claims to have written. */
@SuppressWarnings("NullAway.Init") // each test starts what it needs
class RequestOutcomesTest {

  private static final long SECTORS = Rig.SIZE / 512;

  @TempDir Path folder;
  private Rig rig;
  private VhostBlkClient client;
  private GuestMemory memory;
  private long buffer;

  private void start(ScriptedDevice device, UnaryOperator<VhostUserBlk.Builder> more)
      throws Exception {
    rig = new Rig(folder, ReactorOptions.Kind.AUTOMATIC, device, more);
    client = rig.connect();
    memory = client.memory();
    buffer = memory.allocate(1 << 20, 4096);
  }

  private void start() throws Exception {
    start(Rig.memory(), b -> b);
  }

  @AfterEach
  void stop() throws IOException {
    if (client != null) {
      client.close();
    }
    if (rig != null) {
      rig.close();
    }
  }

  private void assertOutcome(int status, long used, int type, long sector, DescriptorList data)
      throws IOException {
    Completion expected = new Completion(DriverQueue.WAITED_FOR, status, used);
    assertEquals(expected, client.queue(0).execute(type, sector, data));
  }

  private DescriptorList in(int length) {
    return new DescriptorList().writable(buffer, length);
  }

  private DescriptorList out(int length) {
    return new DescriptorList().readable(buffer, length);
  }

  private DescriptorList ranges(SectorRange... ranges) {
    byte[] encoded = BlkRequest.ranges(ranges);
    memory.write(buffer, encoded);
    return out(encoded.length);
  }

  @Test
  void usedLengthsAreTheBytesThatWereWritten() throws Exception {
    start();
    assertOutcome(BlkRequest.OK, 1, BlkRequest.OUT, 0, out(4096));
    assertOutcome(BlkRequest.OK, 4097, BlkRequest.IN, 0, in(4096));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.FLUSH, 0, new DescriptorList());
    assertOutcome(BlkRequest.OK, 21, BlkRequest.GET_ID, 0, in(20));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(0, 8, 0)));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.WRITE_ZEROES, 0, ranges(new SectorRange(0, 8, 0)));
    assertOutcome(BlkRequest.UNSUPP, 1, 99, 0, in(512));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, SECTORS, in(512));
  }

  @Test
  void unknownTypesAreUnsupported() throws Exception {
    start();
    for (int type : new int[] {2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 0x100, -1, Integer.MIN_VALUE}) {
      assertOutcome(BlkRequest.UNSUPP, 1, type, 0, out(512));
    }
  }

  @Test
  void rangesOutsideTheDeviceFailAndTouchNothing() throws Exception {
    start();
    long[] sectors = {
      SECTORS,
      SECTORS - 1,
      SECTORS + 1,
      1L << 54,
      1L << 55,
      1L << 56,
      Long.MAX_VALUE,
      -1,
      Long.MIN_VALUE,
      Long.MIN_VALUE + 8,
      Long.MAX_VALUE / 512,
      Long.MAX_VALUE / 512 + 1
    };
    memory.write(buffer, new byte[1024]);
    memory.setByte(buffer, (byte) 1);
    for (long sector : sectors) {
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.OUT, sector, out(1024));
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, sector, in(1024));
    }
    assertEquals(1, memory.getByte(buffer));
    assertArrayEquals(new byte[1024], client.queue(0).read(SECTORS - 2, 1024));
    assertArrayEquals(new byte[1024], client.queue(0).read(0, 1024));
  }

  @Test
  void theLastSectorCanBeReadAndWritten() throws Exception {
    start();
    byte[] last = new byte[512];
    Arrays.fill(last, (byte) 9);
    client.queue(0).write(SECTORS - 1, last);
    assertArrayEquals(last, client.queue(0).read(SECTORS - 1, 512));
  }

  @Test
  void lengthsThatAreNoMultipleOfASectorFail() throws Exception {
    start();
    for (int length : new int[] {1, 511, 513, 4095, 4097}) {
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.OUT, 0, out(length));
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, 0, in(length));
    }
  }

  @Test
  void emptyTransfersSucceedInsideTheDevice() throws Exception {
    start();
    for (long sector : new long[] {0, 1, SECTORS}) {
      assertOutcome(BlkRequest.OK, 1, BlkRequest.OUT, sector, new DescriptorList());
      assertOutcome(BlkRequest.OK, 1, BlkRequest.IN, sector, new DescriptorList());
    }
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, SECTORS + 1, new DescriptorList());
  }

  @Test
  void aBlockSizeOf4096RefusesSectors() throws Exception {
    start(Rig.memory().withBlockSize(4096), b -> b);
    assertEquals(4096, client.config().blkSize());
    assertOutcome(BlkRequest.OK, 4097, BlkRequest.IN, 8, in(4096));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, 8, in(512));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, 1, in(4096));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(1, 8, 0)));
  }

  @Test
  void theNameIsCutOrPaddedToTwentyBytes() throws Exception {
    String[] names = {"", "a", "exactly twenty bytes", "more than twenty bytes of a name", "äöü"};
    for (String name : names) {
      start(Rig.memory(), b -> b.deviceId(name));
      byte[] expected = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), 20);
      assertArrayEquals(expected, client.queue(0).id());
      stop();
    }
  }

  @Test
  void theNameNeedsTwentyBytes() throws Exception {
    start();
    memory.write(buffer, new byte[64]);
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.GET_ID, 0, in(19));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.GET_ID, 0, new DescriptorList());
    assertArrayEquals(new byte[64], memory.read(buffer, 64));
    memory.setByte(buffer + 20, (byte) 77);
    assertOutcome(BlkRequest.OK, 21, BlkRequest.GET_ID, 0, in(64));
    assertEquals("ubiblk", new String(memory.read(buffer, 6), StandardCharsets.UTF_8));
    assertEquals(77, memory.getByte(buffer + 20));
    DescriptorList pieces = new DescriptorList().writable(buffer, 7).writable(buffer + 100, 13);
    assertOutcome(BlkRequest.OK, 21, BlkRequest.GET_ID, 0, pieces);
  }

  @Test
  void discardsAndZeroesOfManyRangesAreServed() throws Exception {
    start();
    byte[] ones = new byte[64 * 512];
    Arrays.fill(ones, (byte) 1);
    for (int type : new int[] {BlkRequest.DISCARD, BlkRequest.WRITE_ZEROES}) {
      client.queue(0).write(0, ones);
      SectorRange[] many = new SectorRange[32];
      for (int i = 0; i < many.length; i++) {
        many[i] = new SectorRange(2L * i, 1, 0);
      }
      assertOutcome(BlkRequest.OK, 1, type, 0, ranges(many));
      byte[] content = client.queue(0).read(0, ones.length);
      for (int i = 0; i < 64; i++) {
        assertEquals(i % 2, content[i * 512 + 100], "sector " + i);
      }
    }
  }

  @Test
  void tooManyRangesFail() throws Exception {
    start();
    SectorRange[] many = new SectorRange[33];
    Arrays.fill(many, new SectorRange(0, 1, 0));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.DISCARD, 0, ranges(many));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.WRITE_ZEROES, 0, ranges(many));
    assertEquals(0, rig.device.requests().size());
  }

  @Test
  void rangesThatAreNoneFail() throws Exception {
    start();
    for (int type : new int[] {BlkRequest.DISCARD, BlkRequest.WRITE_ZEROES}) {
      assertOutcome(BlkRequest.IOERR, 1, type, 0, new DescriptorList());
      assertOutcome(BlkRequest.IOERR, 1, type, 0, out(15));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, out(17));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, ranges(new SectorRange(SECTORS, 1, 0)));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, ranges(new SectorRange(-1, 1, 0)));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, ranges(new SectorRange(1L << 55, 1, 0)));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, ranges(new SectorRange(0, -1, 0)));
      assertOutcome(BlkRequest.IOERR, 1, type, 0, ranges(new SectorRange(0, (1 << 22) + 1, 0)));
      assertOutcome(
          BlkRequest.IOERR,
          1,
          type,
          0,
          ranges(new SectorRange(0, 1, 0), new SectorRange(SECTORS, 1, 0)));
    }
    assertEquals(0, rig.device.requests().size(), "no part of a bad request is executed");
  }

  @Test
  void unknownFlagsOfRangesAreUnsupported() throws Exception {
    start();
    for (int flags : new int[] {1, 2, -1, 1 << 31}) {
      assertOutcome(
          BlkRequest.UNSUPP, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(0, 1, flags)));
    }
    for (int flags : new int[] {2, 3, -1, 1 << 31}) {
      assertOutcome(
          BlkRequest.UNSUPP, 1, BlkRequest.WRITE_ZEROES, 0, ranges(new SectorRange(0, 1, flags)));
    }
    assertOutcome(BlkRequest.OK, 1, BlkRequest.WRITE_ZEROES, 0, ranges(new SectorRange(0, 1, 1)));
    assertOutcome(
        BlkRequest.UNSUPP,
        1,
        BlkRequest.DISCARD,
        0,
        ranges(new SectorRange(0, 1, 0), new SectorRange(8, 1, 1)));
  }

  @Test
  void emptyRangesSucceed() throws Exception {
    start();
    assertOutcome(BlkRequest.OK, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(5, 0, 0)));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.WRITE_ZEROES, 0, ranges(new SectorRange(5, 0, 0)));
  }

  @Test
  void rangesMayBeSplitAnywhere() throws Exception {
    start();
    byte[] ones = new byte[4096];
    Arrays.fill(ones, (byte) 1);
    client.queue(0).write(0, ones);
    memory.write(buffer, BlkRequest.ranges(new SectorRange(0, 2, 0), new SectorRange(4, 2, 0)));
    DescriptorList pieces = new DescriptorList().readable(buffer, 3).readable(buffer + 3, 20);
    pieces.readable(buffer + 23, 9);
    assertOutcome(BlkRequest.OK, 1, BlkRequest.WRITE_ZEROES, 0, pieces);
    byte[] content = client.queue(0).read(0, 4096);
    assertEquals(0, content[5 * 512]);
    assertEquals(1, content[3 * 512]);
  }

  @Test
  void whatTheDeviceLacksIsUnsupportedAndNotOffered() throws Exception {
    start(Rig.memory().without(Capability.DISCARD, Capability.WRITE_ZEROES), b -> b);
    assertEquals(0, client.features() & (1L << 13 | 1L << 14));
    assertEquals(0, client.config().maxDiscardSeg());
    assertOutcome(BlkRequest.UNSUPP, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(0, 1, 0)));
    assertOutcome(
        BlkRequest.UNSUPP, 1, BlkRequest.WRITE_ZEROES, 0, ranges(new SectorRange(0, 1, 0)));
  }

  @Test
  void aReadOnlyServerRefusesChanges() throws Exception {
    start(Rig.memory(), b -> b.readOnly(true));
    assertTrue((client.features() & 1L << 5) != 0, "the read-only feature is offered");
    assertOutcome(BlkRequest.OK, 513, BlkRequest.IN, 0, in(512));
    assertOutcome(BlkRequest.IOERR, 1, BlkRequest.OUT, 0, out(512));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.FLUSH, 0, new DescriptorList());
    assertOutcome(BlkRequest.UNSUPP, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(0, 1, 0)));
    assertEquals(0, rig.device.requests(Operation.WRITE).size());
  }

  @Test
  void errorsOfTheDeviceBecomeErrorsOfTheProtocol() throws Exception {
    start();
    int[] statuses = {Status.EIO, Status.ENOSPC, Status.EINVAL, Status.ETIMEDOUT, 71, Status.EROFS};
    for (int status : statuses) {
      rig.device.setOutcome(r -> status);
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, 0, in(512));
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.OUT, 0, out(512));
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.FLUSH, 0, new DescriptorList());
    }
    rig.device.setOutcome(r -> Status.EOPNOTSUPP);
    assertOutcome(BlkRequest.UNSUPP, 1, BlkRequest.DISCARD, 0, ranges(new SectorRange(0, 1, 0)));
    rig.device.setOutcome(r -> Status.OK);
    assertOutcome(BlkRequest.OK, 513, BlkRequest.IN, 0, in(512));
  }

  @Test
  void aRangeThatFailsMakesTheRequestFail() throws Exception {
    start();
    rig.device.setOutcome(r -> r.offset() == 8 * 512 ? Status.EIO : Status.OK);
    assertOutcome(
        BlkRequest.IOERR,
        1,
        BlkRequest.WRITE_ZEROES,
        0,
        ranges(new SectorRange(0, 1, 0), new SectorRange(8, 1, 0), new SectorRange(16, 1, 0)));
  }

  @Test
  void transfersLargerThanTheDeviceTakesAreSplit() throws Exception {
    start(Rig.memory().withMaxTransfer(4096), b -> b);
    byte[] content = new byte[600 * 1024 + 512];
    new Random(3).nextBytes(content);
    client.queue(0).write(3, content);
    assertEquals(151, rig.device.requests(Operation.WRITE).size());
    assertTrue(rig.device.requests().stream().allMatch(r -> r.length() <= 4096));
    assertArrayEquals(content, client.queue(0).read(3, content.length));
    memory.write(buffer, content);
    assertOutcome(BlkRequest.OK, content.length + 1, BlkRequest.IN, 3, in(content.length));
  }

  @Test
  void aPartOfASplitTransferThatFailsMakesItFail() throws Exception {
    start(Rig.memory().withMaxTransfer(4096).withDepth(3), b -> b);
    for (int bad : new int[] {0, 5, 15, 16, 17, 49}) {
      rig.device.setOutcome(r -> r.offset() == bad * 4096L ? Status.EIO : Status.OK);
      assertOutcome(BlkRequest.IOERR, 1, BlkRequest.IN, 0, in(50 * 4096));
    }
    rig.device.setOutcome(r -> Status.OK);
    assertOutcome(BlkRequest.OK, 50 * 4096 + 1, BlkRequest.IN, 0, in(50 * 4096));
  }

  @Test
  void aChannelThatTakesFewAtOnceServesAll() throws Exception {
    start(Rig.memory().withDepth(1).withMaxTransfer(8192), b -> b);
    int[] statuses = new int[3];
    for (int i = 0; i < 100; i++) {
      client.queue(0).async().submitWrite(i * 32L, buffer, 16384, i);
    }
    client
        .queue(0)
        .async()
        .drain((tag, status, used) -> statuses[status]++, Duration.ofSeconds(10));
    assertEquals(100, statuses[BlkRequest.OK]);
    SectorRange[] many = new SectorRange[32];
    Arrays.fill(many, new SectorRange(0, 1, 0));
    assertOutcome(BlkRequest.OK, 1, BlkRequest.WRITE_ZEROES, 0, ranges(many));
  }
}
