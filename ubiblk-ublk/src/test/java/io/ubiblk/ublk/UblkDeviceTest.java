package io.ubiblk.ublk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.ublk.protocol.DeviceParameters;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.protocol.Opcode;
import io.ubiblk.ublk.simulated.SimulatedDriver;
import io.ubiblk.ublk.simulated.SimulatedRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of a block device. */
@Timeout(60)
class UblkDeviceTest {

  @Test
  void deviceIsAddedStartedStoppedAndDeleted() throws Exception {
    try (Rig rig = new Rig()) {
      UblkDevice served = rig.start();
      assertEquals(Path.of("/dev/ublkb0"), served.path());
      assertEquals(Frontend.State.SERVING, served.state());
      served.close();
      assertEquals(Frontend.State.CLOSED, served.state());
      served.awaitClose();
      served.close();
      List<Opcode> log = rig.driver.log();
      assertEquals(
          List.of(
              Opcode.GET_FEATURES,
              Opcode.ADD_DEV,
              Opcode.SET_PARAMS,
              Opcode.START_DEV,
              Opcode.GET_PARAMS,
              Opcode.STOP_DEV,
              Opcode.DEL_DEV_ASYNC),
          log);
      assertFalse(rig.driver.isOpen());
      assertFalse(rig.driver.isAdded());
      assertEquals(1, rig.driver.closes());
    }
  }

  @Test
  void olderDriverGetsPlainNumbers() throws Exception {
    try (Rig rig = new Rig(new SimulatedDriver(0, false))) {
      try (UblkDevice served = rig.start()) {
        assertEquals(Frontend.State.SERVING, served.state());
        assertEquals(4096, rig.perform(SimulatedRequest.write(0, 8, 1)));
      }
      assertFalse(rig.driver.log().contains(Opcode.GET_FEATURES), "its encoding is not known");
    }
  }

  @Test
  void kernelMayGiveFewerQueues() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.builder().queues(16).start(rig.driver)) {
      assertEquals(2, served.queues());
    }
  }

  @Test
  void readOnlyDeviceIsAnnouncedAndRefusesChanges() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.builder().readOnly(true).start(rig.driver)) {
      assertEquals(0, served.id());
      assertEquals(DeviceParameters.READ_ONLY, rig.driver.parameters().attributes());
      assertEquals(-Status.EROFS, rig.perform(SimulatedRequest.write(0, 8, 1)));
    }
  }

  @Test
  void whateverStepFailsNothingIsLeft() throws Exception {
    for (Opcode step : List.of(Opcode.ADD_DEV, Opcode.SET_PARAMS, Opcode.START_DEV)) {
      try (Rig rig = new Rig()) {
        rig.driver.fail(step, Status.ENOMEM);
        BlockDeviceException.Io thrown =
            assertThrows(BlockDeviceException.Io.class, rig::start, step::name);
        assertEquals(Status.ENOMEM, thrown.errno());
        assertFalse(rig.driver.isAdded());
        assertFalse(rig.driver.isOpen());
        assertEquals(1, rig.driver.closes());
      } // closing the device shows that no channel is open
    }
  }

  @Test
  void deviceWhoseRequestsCannotBeFetchedIsNotStarted() throws Exception {
    try (Rig rig = new Rig()) {
      rig.driver.refuseTag(5);
      assertThrows(BlockDeviceException.Io.class, rig::start);
      assertFalse(rig.driver.log().contains(Opcode.START_DEV), "that would wait for ever");
      assertFalse(rig.driver.isAdded());
    }
  }

  @Test
  void permissionThatIsMissingIsNamed() throws Exception {
    try (Rig rig = new Rig()) {
      rig.driver.fail(Opcode.GET_FEATURES, 1);
      IOException thrown = assertThrows(IOException.class, rig::start);
      assertTrue(thrown.toString().contains("CAP_SYS_ADMIN"), thrown.toString());
    }
  }

  @Test
  void numberThatIsTakenIsBusy() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.start()) {
      assertThrows(
          BlockDeviceException.Busy.class, () -> rig.builder().id(served.id()).start(rig.driver));
    }
  }

  @Test
  void closingWaitsForRequestsUnderWay() throws Exception {
    try (Rig rig = new Rig()) {
      UblkDevice served = rig.builder().grace(java.time.Duration.ofSeconds(20)).start(rig.driver);
      rig.device.hold(Operation.WRITE);
      CompletableFuture<Integer> slow = rig.driver.queue(0).send(SimulatedRequest.write(0, 8, 1));
      Rig.until(() -> rig.device.inFlight() == 1);
      Thread closer = Thread.ofPlatform().start(() -> closeQuietly(served));
      Rig.until(() -> served.state() == Frontend.State.CLOSING);
      Thread.sleep(50);
      assertFalse(slow.isDone());
      rig.device.release();
      assertEquals(4096, Rig.await(slow));
      closer.join();
    }
  }

  @Test
  void closingCancelsWhatOnlyWaitsInsideTheDevice() throws Exception {
    try (Rig rig = new Rig()) {
      UblkDevice served = rig.start();
      rig.device.hold(Operation.READ);
      CompletableFuture<Integer> held =
          rig.driver.queue(0).send(SimulatedRequest.of(SimulatedRequest.READ, 0, 8));
      Rig.until(() -> rig.device.inFlight() == 1);
      served.close();
      assertTrue(Rig.await(held) < 0, "the request has failed");
      assertFalse(rig.driver.isAdded());
      rig.device.release();
    }
  }

  @Test
  void deletionFromOutsideEndsTheFrontend() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.start()) {
      rig.driver.deleteFromOutside();
      served.awaitClose();
      assertEquals(Frontend.State.CLOSED, served.state());
      assertFalse(rig.driver.isOpen(), "the kernel waits for that");
    }
  }

  @Test
  void growthReachesTheKernel() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.start()) {
      rig.device.resize(2 * Rig.SIZE);
      Rig.until(() -> rig.driver.parameters().bytes() == 2 * Rig.SIZE);
      assertEquals(Frontend.State.SERVING, served.state());
      assertEquals(
          512, rig.perform(SimulatedRequest.write(2 * Rig.SIZE / 512 - 1, 1, 1)), "at the new end");
    }
  }

  @Test
  void olderKernelKeepsTheSize() throws Exception {
    long features = SimulatedDriver.FEATURES & ~DriverFeatures.UPDATE_SIZE;
    try (Rig rig = new Rig(new SimulatedDriver(features, true));
        UblkDevice served = rig.start()) {
      rig.device.resize(2 * Rig.SIZE);
      Thread.sleep(50);
      assertEquals(Rig.SIZE, rig.driver.parameters().bytes());
      assertFalse(rig.driver.log().contains(Opcode.UPDATE_SIZE));
      assertEquals(Frontend.State.SERVING, served.state());
    }
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    UblkBuilder builder = UblkDevice.serve(new MemoryDevice(4096));
    assertThrows(IllegalArgumentException.class, () -> builder.queues(0));
    assertThrows(IllegalArgumentException.class, () -> builder.depth(4097));
    assertThrows(IllegalArgumentException.class, () -> builder.largestTransfer(1000));
    assertThrows(IllegalArgumentException.class, () -> builder.id(-1));
    assertThrows(IllegalStateException.class, () -> builder.recover(new SimulatedDriver()));
  }

  private static void closeQuietly(UblkDevice served) {
    try {
      served.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
