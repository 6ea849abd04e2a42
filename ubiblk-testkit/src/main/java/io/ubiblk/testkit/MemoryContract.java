package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/**
 * The part of {@link BlockDeviceContract} about the caller's memory: of any alignment and in any
 * number of pieces, never written to by a write, and not written beside by a read.
 */
public interface MemoryContract extends BlockDeviceFixture {

  /**
   * Memory of any alignment is read into and written from, and nothing else is touched.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void memoryOfAnyAlignmentWorks() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      int length = Math.min(rig.transfer(), 8 * rig.block());
      GuardedBuffer buffer = rig.guarded(length);
      for (int misalignment : new int[] {0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 63}) {
        buffer.layOne(rig.block(), misalignment);
        roundTrip(rig, channel, buffer, rig.block(), misalignment);
        buffer.layOne(length, misalignment);
        roundTrip(rig, channel, buffer, 0, misalignment + 100);
      }
    }
  }

  /**
   * Scatter lists of many odd-sized pieces work, single bytes and more than 1,024 pieces among
   * them, and pieces that cross block boundaries.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void scatterListsOfOddPiecesWork() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      int block = rig.block();
      int length = Math.min(rig.transfer(), Math.max(4 * block, 2048));
      GuardedBuffer buffer = rig.guarded(length);
      long generation = 0;
      for (int piece : new int[] {1, 3, 7, 509, 511, 513, block - 1, block, block + 1, 3 * block}) {
        buffer.layPieces(length, piece);
        roundTrip(rig, channel, buffer, block, ++generation);
      }
    }
  }

  /**
   * Scatter lists of pieces of random lengths work.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void scatterListsOfRandomPiecesWork() throws Exception {
    Seeds.check(
        random -> {
          try (DeviceRig rig = DeviceRig.open(this)) {
            ChannelDriver channel = rig.channel(1);
            GuardedBuffer buffer = rig.guarded(rig.transfer());
            for (int i = 1; i <= 60; i++) {
              int length = random.between(1, rig.transfer() / rig.block()) * rig.block();
              long room = (rig.size() - length) / rig.block();
              buffer.layPieces(length, random);
              roundTrip(rig, channel, buffer, random.below(room + 1) * rig.block(), i);
            }
          }
        });
  }

  /**
   * A write may name the same memory several times, as when one block is written all over.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void writeMayNameMemoryTwice() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      assumeTrue(rig.transfer() >= 4 * rig.block(), "no transfer of four blocks");
      ChannelDriver channel = rig.channel(1);
      MemorySegment once = rig.memory(rig.block());
      Patterns.fill(once, 0, rig.block(), 0, 1);
      ScatterList list = new ScatterList();
      for (int i = 0; i < 4; i++) {
        list.add(once, 0, rig.block());
      }
      assertEquals(Status.OK, channel.run(IoRequest.write(0, list, IoFlags.NONE)));
      rig.expect(channel, 0, rig.block(), 1);
      MemorySegment last = rig.memory(rig.block());
      assertEquals(Status.OK, channel.read(3L * rig.block(), last));
      assertEquals(-1, last.mismatch(once), "the last block differs from the first");
    }
  }

  private static void roundTrip(
      DeviceRig rig, ChannelDriver channel, GuardedBuffer buffer, long offset, long generation) {
    int length = (int) buffer.list().byteSize();
    byte[] expected = rig.base(offset, length);
    if (rig.can(Capability.WRITE)) {
      expected = Patterns.bytes(offset, length, generation);
      buffer.put(expected);
      IoRequest write = IoRequest.write(offset, buffer.list(), IoFlags.NONE);
      assertEquals(Status.OK, channel.run(write), write::toString);
      buffer.assertSourceUnchanged();
      rig.expect(channel, offset, length, generation);
    }
    buffer.put(new byte[length]);
    IoRequest read = IoRequest.read(offset, buffer.list());
    assertEquals(Status.OK, channel.run(read), read::toString);
    buffer.assertNothingElseChanged();
    assertArrayEquals(expected, buffer.get(), read + " of " + buffer.list().count() + " pieces");
  }
}
