package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The part of {@link BlockDeviceContract} about requests that touch the same blocks: at the same
 * time, and one after the other through different channels.
 */
public interface OverlapContract extends BlockDeviceFixture {

  /**
   * A read beside a write returns, block by block, the old or the new content, and after the write
   * the new content.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void readsBesideAWriteSeeWholeBlocks() throws Exception {
    assumeTrue(blocksNeverTear(), "blocks may tear");
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      List<ChannelDriver> channels = List.of(rig.channel(8), rig.channel(8));
      int length = rig.transfer();
      MemorySegment source = rig.memory(length);
      MemorySegment[] targets = new MemorySegment[6];
      for (int i = 0; i < targets.length; i++) {
        targets[i] = rig.memory(length);
      }
      rig.fill(channels.getFirst(), 0, length, 0);
      for (int generation = 1; generation <= 60; generation++) {
        Patterns.fill(source, 0, length, 0, generation);
        List<IoRequest> reads = new ArrayList<>();
        for (int i = 0; i < targets.length; i++) {
          if (i == targets.length / 2) {
            channels.get(generation % 2).issue(IoRequest.write(0, source));
          }
          reads.add(channels.get(i % 2).issue(IoRequest.read(0, targets[i])));
          if (i % 2 == generation % 2) {
            channels.get(i % 2).submit();
          }
        }
        finish(channels);
        for (int i = 0; i < targets.length; i++) {
          assertEquals(Status.OK, reads.get(i).status());
          checkBlocks(targets[i], rig.block(), generation - 1, generation);
        }
        rig.expect(channels.get(generation % 3 % 2), 0, length, generation);
      }
    }
  }

  /**
   * Of two writes at the same time either may win, block by block; the outcome stays.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void oneOfTwoWritesWinsInEveryBlock() throws Exception {
    assumeTrue(blocksNeverTear(), "blocks may tear");
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      List<ChannelDriver> channels = List.of(rig.channel(8), rig.channel(8));
      int length = rig.transfer();
      MemorySegment first = rig.memory(length);
      MemorySegment second = rig.memory(length);
      MemorySegment outcome = rig.memory(length);
      MemorySegment again = rig.memory(length);
      for (int generation = 2; generation <= 80; generation += 2) {
        Patterns.fill(first, 0, length, 0, generation);
        Patterns.fill(second, 0, length, 0, generation + 1);
        channels.get(0).issue(IoRequest.write(0, first));
        channels.get(generation / 2 % 2).issue(IoRequest.write(0, second));
        finish(channels);
        assertEquals(Status.OK, channels.get(1).read(0, outcome));
        checkBlocks(outcome, rig.block(), generation, generation + 1);
        assertEquals(Status.OK, channels.get(0).read(0, again));
        assertEquals(-1, outcome.mismatch(again), "the outcome of two writes has changed");
      }
    }
  }

  /**
   * What one channel has written, zeroed or discarded is seen by another one of the same loop as
   * soon as it has completed.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void channelsSeeEachOthersCompletedWrites() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      ChannelDriver one = rig.channel(4);
      ChannelDriver other = rig.channel(4);
      int block = rig.block();
      for (int generation = 1; generation <= 20; generation++) {
        long at = (long) generation * block;
        rig.expectBase(other, at + block, block);
        rig.fill(one, at, 2L * block, generation);
        rig.expect(other, at, 2L * block, generation);
        if (rig.can(Capability.WRITE_ZEROES)) {
          assertEquals(Status.OK, other.writeZeroes(at, block, 0));
          rig.expectZeros(one, at, block);
        }
        rig.fill(other, at, 2L * block, generation + 100);
        rig.expect(one, at, 2L * block, generation + 100);
        rig.fill(one, at, block, 0);
      }
    }
  }

  private static void finish(List<ChannelDriver> channels) {
    channels.forEach(ChannelDriver::submit);
    channels.forEach(ChannelDriver::awaitAll);
  }

  private static void checkBlocks(MemorySegment content, int block, long either, long or) {
    for (int at = 0; at < content.byteSize(); at += block) {
      long generation = Patterns.generation(content, at, at);
      assertTrue(
          generation == either || generation == or,
          "position %d: expected generation %d or %d, found %s"
              .formatted(at, either, or, Patterns.describe(content, at)));
      for (int in = 512; in < block; in += 512) {
        assertEquals(
            generation,
            Patterns.generation(content, at + in, at + in),
            "the block at %d is torn at byte %d".formatted(at, in));
      }
    }
  }
}
