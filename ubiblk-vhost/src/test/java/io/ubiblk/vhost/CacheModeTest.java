package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.SectorRange;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a write is durable: by flushes, at once, or as the driver switches. */
@SuppressWarnings("NullAway.Init") // each test starts what it needs
class CacheModeTest {

  private static final long FLUSH = VirtioFeatures.BLK_FLUSH;
  private static final long WCE = VirtioFeatures.BLK_CONFIG_WCE;

  @TempDir Path folder;
  private Rig rig;
  private VhostBlkClient client;

  private void start(ScriptedDevice device, long withoutFeatures) throws Exception {
    rig = new Rig(folder, device);
    client = rig.connect(o -> o.withoutFeatures(withoutFeatures));
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    rig.close();
  }

  /** Writes once in each way, and returns what reached the device. */
  private List<ScriptedDevice.Request> write() throws IOException {
    rig.device.forgetRequests();
    client.queue(0).write(1, new byte[512]);
    client.queue(0).writeZeroes(new SectorRange(4, 1, BlkRequest.UNMAP));
    return rig.device.requests();
  }

  private void assertWrittenBack() throws IOException {
    assertEquals(
        List.of(
            new ScriptedDevice.Request(Operation.WRITE, 512, 512, IoFlags.NONE),
            new ScriptedDevice.Request(Operation.WRITE_ZEROES, 2048, 512, IoFlags.NONE)),
        write());
  }

  private void assertForced() throws IOException {
    assertEquals(
        List.of(
            new ScriptedDevice.Request(Operation.WRITE, 512, 512, IoFlags.FUA),
            new ScriptedDevice.Request(Operation.WRITE_ZEROES, 2048, 512, IoFlags.FUA)),
        write());
  }

  private void assertFlushed() throws IOException {
    ScriptedDevice.Request flush = new ScriptedDevice.Request(Operation.FLUSH, 0, 0, 0);
    assertEquals(
        List.of(
            new ScriptedDevice.Request(Operation.WRITE, 512, 512, IoFlags.NONE),
            flush,
            new ScriptedDevice.Request(Operation.WRITE_ZEROES, 2048, 512, IoFlags.NONE),
            flush),
        write());
  }

  @Test
  void aDriverWithFlushGetsWriteBack() throws Exception {
    start(Rig.memory(), WCE);
    assertEquals(1, client.config().writeback());
    assertWrittenBack();
    client.queue(0).flush();
    assertEquals(1, rig.device.requests(Operation.FLUSH).size());
  }

  @Test
  void aDriverThatTookNeitherFlushNorConfigWceGetsWriteThrough() throws Exception {
    start(Rig.memory(), FLUSH | WCE);
    assertForced();
  }

  @Test
  void writeThroughWithoutForcedWritesFlushesBehindEachWrite() throws Exception {
    start(Rig.memory().without(Capability.FUA), FLUSH | WCE);
    assertFlushed();
  }

  @Test
  void aFlushBehindAWriteThatFailsMakesTheWriteFail() throws Exception {
    start(Rig.memory().without(Capability.FUA), FLUSH | WCE);
    rig.device.setOutcome(r -> r.operation() == Operation.FLUSH ? Status.EIO : Status.OK);
    assertThrows(IOException.class, () -> client.queue(0).write(0, new byte[512]));
    rig.device.setOutcome(r -> Status.OK);
    client.queue(0).write(0, new byte[512]);
  }

  @Test
  void aWriteThatFailsIsNotFlushedAfter() throws Exception {
    start(Rig.memory().without(Capability.FUA), FLUSH | WCE);
    rig.device.setOutcome(r -> r.operation() == Operation.WRITE ? Status.EIO : Status.OK);
    assertThrows(IOException.class, () -> client.queue(0).write(0, new byte[512]));
    assertEquals(0, rig.device.requests(Operation.FLUSH).size());
  }

  @Test
  void aDeviceWithoutCacheNeedsNeither() throws Exception {
    start(Rig.memory().without(Capability.FLUSH, Capability.FUA), 0);
    assertEquals(0, client.config().writeback());
    assertWrittenBack();
  }

  @Test
  void aToggleOfWritebackTakesEffect() throws Exception {
    start(Rig.memory(), 0);
    assertWrittenBack();
    client.setWriteback(false);
    assertEquals(0, client.config().writeback());
    assertForced();
    client.setWriteback(true);
    assertEquals(1, client.config().writeback());
    assertWrittenBack();
  }

  @Test
  void aToggleTakesEffectOnADeviceWithoutForcedWrites() throws Exception {
    start(Rig.memory().without(Capability.FUA), 0);
    client.setWriteback(false);
    assertFlushed();
    client.setWriteback(true);
    assertWrittenBack();
  }

  @Test
  void aToggleHoldsForRingsThatStartLater() throws Exception {
    start(Rig.memory(), 0);
    client.setWriteback(false);
    client.start(0, client.stop(0));
    assertForced();
  }

  @Test
  void aDeviceWithoutCacheCannotBeSwitchedToWriteBack() throws Exception {
    start(Rig.memory().without(Capability.FLUSH), 0);
    assertThrows(VhostUserException.Refused.class, () -> client.setWriteback(true));
    client.setWriteback(false);
    assertEquals(0, client.config().writeback());
  }

  @Test
  void aDriverWithoutConfigWceCannotToggle() throws Exception {
    start(Rig.memory(), WCE);
    assertThrows(VhostUserException.Refused.class, () -> client.setWriteback(false));
    assertWrittenBack();
  }

  @Test
  void setConfigOfAnyOtherFieldIsRefused() throws Exception {
    start(Rig.memory(), 0);
    byte[] before = client.frontend().config(0, 60);
    for (int offset : new int[] {0, 8, 20, 31, 33, 34, 59, 60, 0xfff}) {
      assertThrows(
          VhostUserException.Refused.class,
          () -> client.frontend().setConfig(offset, 0, (byte) 0),
          "offset " + offset);
    }
    for (byte[] content : new byte[][] {{0, 0}, {2}, {-1}, new byte[28]}) {
      assertThrows(
          VhostUserException.Refused.class, () -> client.frontend().setConfig(32, 0, content));
    }
    assertArrayEquals(before, client.frontend().config(0, 60));
    assertWrittenBack();
  }

  @Test
  void aFlushThatFailsIsReported() throws Exception {
    start(Rig.memory(), 0);
    rig.device.setOutcome(r -> Status.EIO);
    assertEquals(
        BlkRequest.IOERR,
        client.queue(0).execute(BlkRequest.FLUSH, 0, new DescriptorList()).status());
    rig.device.setOutcome(r -> Status.OK);
    client.queue(0).flush();
  }
}
