package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The part of {@link DecoratorContract} about errors and delays of the device below. */
public interface InnerErrorContract extends DecoratorFixture {

  /**
   * Whichever request to the device below fails, its errno comes out as itself, and the next
   * request works.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void errorsOfTheDeviceBelowComeOutAsThemselves() throws Exception {
    FaultyBlockDevice faulty = newFaulty(1);
    try (DeviceRig rig = rig(faulty)) {
      ChannelDriver channel = rig.channel(4);
      ScatterList data = ScatterList.of(rig.memory(rig.block()));
      for (int errno : new int[] {Status.EIO, Status.ENOSPC, 71, 4095}) {
        for (Operation operation : served(rig)) {
          boolean reached = true;
          for (int skip = 0; reached && skip < 8; skip++) {
            int before = faulty.injected();
            faulty.failAfter(skip, errno, 1);
            IoRequest request = IoRequest.of(operation, 0, data);
            int status = channel.run(request);
            reached = faulty.injected() > before;
            faulty.clear();
            int nth = skip + 1;
            assertEquals(
                reached ? errno : Status.OK,
                status,
                () -> "%s while request %d below fails with %d".formatted(request, nth, errno));
            IoRequest again = IoRequest.of(operation, 0, data);
            assertEquals(Status.OK, channel.run(again), () -> again + " after an error");
          }
        }
      }
      if (rig.can(Capability.WRITE)) {
        rig.fill(channel, 0, 8L * rig.block(), 1);
        rig.expect(channel, 0, 8L * rig.block(), 1);
      } else {
        rig.expectBase(channel, 0, 8L * rig.block());
      }
    }
  }

  private static List<Operation> served(DeviceRig rig) {
    boolean write = rig.can(Capability.WRITE);
    return List.of(Operation.values()).stream()
        .filter(
            operation ->
                switch (operation) {
                  case READ, FLUSH, PREFETCH -> true;
                  case WRITE -> write;
                  case DISCARD -> write && rig.can(Capability.DISCARD);
                  case WRITE_ZEROES -> write && rig.can(Capability.WRITE_ZEROES);
                })
        .toList();
  }

  /**
   * While requests below fail and are delayed by chance, every request completes, with that errno
   * or well; afterwards everything works.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void errorsUnderLoadLoseNoCompletion() throws Exception {
    Seeds.check(
        random -> {
          FaultyBlockDevice faulty = newFaulty(random.nextLong());
          try (DeviceRig rig = rig(faulty)) {
            ChannelDriver channel = rig.channel(16);
            List<ScatterList> data = rig.blocks(500);
            List<Operation> served = served(rig);
            faulty.failRandomly(0.2, 71);
            faulty.delay(0, 100_000);
            for (int i = 0; i < 500; i++) {
              Operation operation = served.get(random.below(served.size()));
              long offset = random.below(rig.size() / rig.block()) * rig.block();
              IoRequest request = IoRequest.of(operation, offset, data.get(i));
              channel.issue(
                  request.then(
                      done ->
                          assertTrue(
                              done.status() == Status.OK || done.status() == 71, done::toString)));
              if (random.chance(0.5)) {
                channel.submit();
              }
            }
            channel.submit();
            channel.awaitAll();
            faulty.clear();
            // A layer may have work of its own under way, whose failure is decided but not
            // delivered.
            channel.until(() -> faulty.inFlight() == 0, "the last failures");
            if (rig.can(Capability.WRITE)) {
              rig.fill(channel, 0, rig.size(), 1);
              rig.expect(channel, 0, rig.size(), 1);
            } else {
              rig.expectBase(channel, 0, rig.size());
            }
          }
        });
  }

  /**
   * Random operations match a model also if requests below are delayed and overtake each other.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void randomOperationsMatchAModelOverASlowDevice() throws Exception {
    Seeds.check(
        random -> {
          FaultyBlockDevice slow = newFaulty(random.nextLong());
          try (DeviceRig rig = rig(slow)) {
            slow.delay(0, 200_000);
            byte[] base = rig.base(0, (int) rig.size());
            DiskModel model = new DiskModel(0, base, !discardsLeaveNothingNew());
            RandomLoad load =
                new RandomLoad(rig.device(), rig.channel(16), model, random.split(), rig.arena());
            load.run(randomOperations() / 4);
            load.verify();
          }
        });
  }

  /**
   * A channel is closed while requests below are held up; those that do not come to an end by
   * themselves are cancelled below, and all complete.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void closingEndsRequestsThatAreHeldUpBelow() throws Exception {
    FaultyBlockDevice faulty = newFaulty(1);
    try (DeviceRig rig = rig(faulty)) {
      ChannelDriver channel = rig.channel(16);
      faulty.hold();
      List<ScatterList> data = rig.blocks(16);
      for (int i = 0; i < 16; i++) {
        channel.issue(IoRequest.read((long) i * rig.block(), data.get(i)));
      }
      channel.submit();
      rig.driver().loop().turn();
      channel.closeLater(() -> {});
      rig.driver().loop().turn();
      faulty.release();
      channel.close();
      assertEquals(0, channel.inFlight());
    }
  }

  private FaultyBlockDevice newFaulty(long seed) {
    return new FaultyBlockDevice(newInner(ModelOptions.of(innerSize(testSize()))), seed);
  }

  private DeviceRig rig(BlockDevice inner) throws Exception {
    return DeviceRig.around(this, decorate(inner));
  }
}
