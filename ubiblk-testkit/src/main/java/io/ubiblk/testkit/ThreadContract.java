package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} about threads. */
public interface ThreadContract extends BlockDeviceFixture {

  /**
   * Two channels on two loops on two threads, under random load on blocks that lie between each
   * other's, do not disturb each other.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void twoThreadsDoNotDisturbEachOther() throws Exception {
    assumeTrue(multiThreaded(), "bound to one thread");
    Seeds.check(
        random -> {
          try (DeviceRig rig = DeviceRig.open(this)) {
            SeededRandom mine = random.split();
            SeededRandom others = random.split();
            FutureTask<Boolean> other =
                new FutureTask<>(
                    () -> {
                      loadOnALoopOfItsOwn(rig, others);
                      return true;
                    });
            Thread thread = Thread.ofPlatform().name("testkit-second-loop").start(other);
            RandomLoad load = load(rig, rig.channel(16), mine, 0);
            load.run(randomOperations() / 2);
            rig.driver().call(other::get);
            rig.driver().run(thread::join);
            load.verify();
          }
        });
  }

  private void loadOnALoopOfItsOwn(DeviceRig rig, SeededRandom random) throws Exception {
    LoopDriver driver = LoopDriver.open(this);
    try (ChannelDriver channel = ChannelDriver.open(rig.device(), driver, 16)) {
      RandomLoad load = load(rig, channel, random, 1);
      load.run(randomOperations() / 2);
      load.verify();
    }
    driver.loop().close();
  }

  private RandomLoad load(DeviceRig rig, ChannelDriver channel, SeededRandom random, int lane) {
    byte[] base = rig.base(0, (int) rig.size());
    DiskModel model = new DiskModel(0, base, !discardsLeaveNothingNew());
    return new RandomLoad(rig.device(), channel, model, random, rig.arena()).inLane(lane, 2);
  }

  /**
   * A channel that is used on a wrong thread refuses every call with an assertion, and goes on
   * working on the right one. Needs assertions to be enabled.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void wrongThreadsAreRefused() throws Exception {
    assumeTrue(refusesWrongThreads(), "wrong threads are not refused");
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver driver = rig.channel(8);
      BlockChannel channel = driver.channel();
      assumeTrue(channel.getClass().desiredAssertionStatus(), "assertions are disabled");
      ScatterList data = ScatterList.of(rig.memory(rig.block()));
      int block = rig.block();
      Map<String, Runnable> calls =
          Map.of(
              "read", () -> channel.read(0, data, 1),
              "write", () -> channel.write(0, data, 0, 1),
              "flush", () -> channel.flush(1),
              "discard", () -> channel.discard(0, block, 1),
              "writeZeroes", () -> channel.writeZeroes(0, block, 0, 1),
              "prefetch", () -> channel.prefetch(0, block, 1),
              "submit", channel::submit,
              "close", () -> channel.close(() -> {}));
      for (Map.Entry<String, Runnable> call : calls.entrySet()) {
        assertThrows(AssertionError.class, () -> elsewhere(call.getValue()), () -> call.getKey());
      }
      rig.driver().settle();
      assertEquals(Status.OK, driver.read(0, rig.memory(block)));
      rig.expectBase(driver, 0, block);
    }
  }

  /** Runs something on another thread while the loop stands still. */
  private static void elsewhere(Runnable work) throws Exception {
    FutureTask<Boolean> task = new FutureTask<>(work, true);
    Thread.ofPlatform().name("testkit-wrong-thread").start(task).join();
    try {
      task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    }
  }

  /**
   * Geometry and capabilities are the same for every thread.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void propertiesAreTheSameOnEveryThread() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      List<Object> here = List.of(rig.device().geometry(), rig.device().capabilities());
      elsewhere(
          () -> assertEquals(here, List.of(rig.device().geometry(), rig.device().capabilities())));
    }
  }
}
