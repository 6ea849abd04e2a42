package io.ubiblk.ublk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Frontend;
import io.ubiblk.api.Operation;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.protocol.Opcode;
import io.ubiblk.ublk.simulated.SimulatedDriver;
import io.ubiblk.ublk.simulated.SimulatedRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device whose server is killed, or leaves it, and that is taken over. */
@Timeout(60)
class RecoveryTest {

  private static final int ID = 3;

  private static UblkBuilder recoverable(Rig rig) {
    return rig.builder().id(ID).recoverable(true).patience(Duration.ofMillis(100));
  }

  @Test
  void nextServerAnswersWhatTheKilledOneHadNotAnswered() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    List<SimulatedRequest> requests = new ArrayList<>();
    MemoryDevice storage = new MemoryDevice(Rig.SIZE);
    Rig killed = new Rig(driver, storage);
    recoverable(killed).start(driver);
    killed.device.hold();
    for (int i = 0; i < 20; i++) {
      SimulatedRequest request = SimulatedRequest.write(i * 8L, 8, i + 1);
      requests.add(request);
      var _ = driver.queue(i % 2).send(request);
    }
    Rig.until(() -> killed.device.inFlight() == 16);
    driver.killServer();
    try (Rig rig = new Rig(driver);
        UblkDevice served = recoverable(rig).recover(driver)) {
      assertEquals(ID, served.id());
      for (SimulatedRequest request : requests) {
        assertEquals(4096, Rig.await(request.result()));
        SimulatedRequest read =
            SimulatedRequest.of(SimulatedRequest.READ, request.sector(), request.sectors());
        assertEquals(4096, rig.perform(read));
        assertArrayEquals(request.data(), read.data());
      }
    }
    killed.reactors.close();
  }

  @Test
  void deviceThatIsNotThereIsAdded() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.builder().id(ID).recover(rig.driver)) {
      assertEquals(ID, served.id());
      assertTrue(rig.driver.info().has(DriverFeatures.USER_RECOVERY));
      assertTrue(rig.driver.info().has(DriverFeatures.USER_RECOVERY_REISSUE));
    }
  }

  @Test
  void deviceThatIsServedIsBusy() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = recoverable(rig).start(rig.driver)) {
      assertThrows(BlockDeviceException.Busy.class, () -> recoverable(rig).recover(rig.driver));
      assertEquals(Frontend.State.SERVING, served.state());
      assertEquals(4096, rig.perform(SimulatedRequest.write(0, 8, 1)));
    }
  }

  @Test
  void deviceThatCannotBeRecoveredIsLeftAlone() throws Exception {
    try (Rig rig = new Rig();
        UblkDevice served = rig.builder().id(ID).start(rig.driver)) {
      assertThrows(
          BlockDeviceException.Unsupported.class, () -> recoverable(rig).recover(rig.driver));
      assertEquals(Frontend.State.SERVING, served.state());
    }
  }

  @Test
  void smallerDeviceIsNotTakenForTheOldOne() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    Rig killed = new Rig(driver);
    recoverable(killed).start(driver);
    driver.killServer();
    try (Rig rig = new Rig(driver, new MemoryDevice(Rig.SIZE / 2))) {
      assertThrows(BlockDeviceException.Mismatch.class, () -> recoverable(rig).recover(driver));
      assertFalse(
          driver.log().contains(Opcode.START_USER_RECOVERY), "the next may be the right one");
    }
    killed.reactors.close();
  }

  @Test
  void deviceWhoseDataGoesAnUnknownWayIsLeftAlone() throws Exception {
    for (long flags :
        new long[] {
          DriverFeatures.USER_COPY,
          DriverFeatures.AUTO_BUF_REG,
          DriverFeatures.SUPPORT_ZERO_COPY | DriverFeatures.AUTO_BUF_REG,
          DriverFeatures.NEED_GET_DATA,
          DriverFeatures.BATCH_IO | DriverFeatures.ZERO_COPY
        }) {
      SimulatedDriver driver = new SimulatedDriver();
      Rig killed = new Rig(driver);
      recoverable(killed).start(driver);
      driver.killServer();
      driver.addFlags(flags);
      try (Rig rig = new Rig(driver)) {
        BlockDeviceException refusal =
            assertThrows(
                BlockDeviceException.Unsupported.class, () -> recoverable(rig).recover(driver));
        String message = "" + refusal.getMessage();
        assertTrue(message.contains("flags 0x" + Long.toHexString(flags)), message);
        assertFalse(driver.log().contains(Opcode.START_USER_RECOVERY));
      }
      killed.reactors.close();
    }
  }

  @Test
  void deviceOfAServerWithoutCopiesIsTakenOver() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    Rig killed = new Rig(driver);
    recoverable(killed).start(driver);
    driver.killServer();
    driver.addFlags(DriverFeatures.ZERO_COPY);
    try (Rig rig = new Rig(driver);
        UblkDevice served = recoverable(rig).recover(driver)) {
      assertTrue(served.isZeroCopy());
    }
    killed.reactors.close();
  }

  @Test
  void deviceThatHasGrownMeanwhileGrows() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    Rig killed = new Rig(driver);
    recoverable(killed).start(driver);
    driver.killServer();
    try (Rig rig = new Rig(driver, new MemoryDevice(2 * Rig.SIZE));
        UblkDevice served = recoverable(rig).recover(driver)) {
      assertEquals(ID, served.id());
      assertEquals(2 * Rig.SIZE, driver.parameters().bytes());
    }
    killed.reactors.close();
  }

  @Test
  void takeoverThatFailsLeavesTheDeviceToTheNext() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    Rig killed = new Rig(driver);
    recoverable(killed).start(driver);
    driver.killServer();
    driver.fail(Opcode.END_USER_RECOVERY, 4);
    try (Rig rig = new Rig(driver)) {
      assertThrows(BlockDeviceException.Io.class, () -> recoverable(rig).recover(driver));
      assertFalse(driver.log().contains(Opcode.STOP_DEV));
      assertTrue(driver.isAdded());
    }
    killed.reactors.close();
  }

  @Test
  void deviceThatIsKeptIsNeitherStoppedNorFailed() throws Exception {
    SimulatedDriver driver = new SimulatedDriver();
    CompletableFuture<Integer> held;
    CompletableFuture<Integer> late;
    try (Rig rig = new Rig(driver)) {
      UblkDevice served = recoverable(rig).keep(true).start(driver);
      rig.device.hold(Operation.READ);
      held = driver.queue(0).send(SimulatedRequest.of(SimulatedRequest.READ, 0, 8));
      Rig.until(() -> rig.device.inFlight() == 1);
      served.close();
      assertEquals(Frontend.State.CLOSED, served.state());
      late = driver.queue(0).send(SimulatedRequest.write(8, 8, 1));
      rig.device.release();
    }
    assertFalse(driver.log().contains(Opcode.STOP_DEV));
    assertFalse(held.isDone(), "cancelled requests are for the next server");
    driver.killServer();
    try (Rig rig = new Rig(driver);
        UblkDevice served = recoverable(rig).recover(driver)) {
      assertEquals(4096, Rig.await(held));
      assertEquals(4096, Rig.await(late));
      assertEquals(ID, served.id());
    }
  }
}
