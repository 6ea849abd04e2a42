package io.ubiblk.testkit;

import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} that compares random operations with a model. */
public interface RandomContract extends BlockDeviceFixture {

  /**
   * Thousands of random operations, many in flight, have the effect that they have on a byte array.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void randomOperationsMatchAModel() throws Exception {
    Seeds.check(
        random -> {
          try (DeviceRig rig = DeviceRig.open(this)) {
            byte[] base = rig.base(0, (int) rig.size());
            DiskModel model = new DiskModel(0, base, !discardsLeaveNothingNew());
            for (int depth : new int[] {32, 1}) {
              ChannelDriver channel = rig.channel(depth);
              RandomLoad load =
                  new RandomLoad(rig.device(), channel, model, random.split(), rig.arena());
              load.run(depth == 1 ? randomOperations() / 10 : randomOperations());
              load.verify();
              channel.close();
            }
          }
        });
  }

  /**
   * Two channels of one loop under random load do not disturb each other.
   *
   * @throws Exception if the test fails; the message carries the seed
   */
  @Test
  default void randomOperationsOnTwoChannelsMatchAModel() throws Exception {
    Seeds.check(
        random -> {
          try (DeviceRig rig = DeviceRig.open(this)) {
            byte[] base = rig.base(0, (int) rig.size());
            RandomLoad[] loads = new RandomLoad[2];
            for (int i = 0; i < 2; i++) {
              DiskModel model = new DiskModel(0, base, !discardsLeaveNothingNew());
              loads[i] =
                  new RandomLoad(rig.device(), rig.channel(16), model, random.split(), rig.arena())
                      .inLane(i, 2);
            }
            for (int round = 0; round < 20; round++) {
              loads[round % 2].run(randomOperations() / 40);
            }
            loads[0].verify();
            loads[1].verify();
          }
        });
  }
}
