package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The part of {@link BlockDeviceContract} about what is read after what was written. */
public interface ContentContract extends BlockDeviceFixture {

  /**
   * A fresh device reads as its base content from the first byte to the last.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void freshDeviceReadsAsItsBaseContent() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      rig.expectBase(rig.channel(1), 0, rig.size());
    }
  }

  /**
   * A written range reads back, and the blocks beside it keep their bytes: at the start, at the
   * end, and across every unit that the geometry names.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void writtenRangeReadsBackAndNeighboursKeepTheirBytes() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      ChannelDriver channel = rig.channel(1);
      long block = rig.block();
      Set<Long> edges = new LinkedHashSet<>(List.of(0L, rig.size(), rig.size() / 2));
      edges.add((long) rig.geometry().physicalBlockSize());
      edges.add((long) rig.geometry().optimalTransfer());
      edges.add((long) rig.geometry().discardGranularity());
      edges.removeIf(edge -> edge > rig.size());
      rig.fill(channel, 0, rig.size(), 0);
      long generation = 0;
      for (long edge : edges) {
        for (int count : new int[] {1, 2, 3, 8}) {
          long from = Math.max(0, edge - block * ((count + 1) / 2));
          long to = Math.min(rig.size(), from + block * count);
          generation++;
          rig.fill(channel, from, to - from, generation);
          rig.expect(channel, from, to - from, generation);
          rig.expect(channel, 0, from, 0);
          rig.expect(channel, to, rig.size() - to, 0);
          rig.fill(channel, from, to - from, 0);
        }
      }
    }
  }

  /**
   * What was never written keeps its base content while everything around it changes.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void unwrittenBlocksKeepTheirBaseContent() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      ChannelDriver channel = rig.channel(1);
      int block = rig.block();
      for (long at = 0; at < rig.size(); at += 3L * block) {
        rig.fill(channel, at, block, 1);
      }
      for (long at = 0; at < rig.size(); at += block) {
        if (at / block % 3 == 0) {
          rig.expect(channel, at, block, 1);
        } else {
          rig.expectBase(channel, at, block);
        }
      }
    }
  }

  /**
   * The whole device is written and read, and of two writes the later one counts.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void wholeDeviceIsWrittenAndRewritten() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      ChannelDriver channel = rig.channel(1);
      for (int generation = 1; generation <= 2; generation++) {
        rig.fill(channel, 0, rig.size(), generation);
        rig.expect(channel, 0, rig.size(), generation);
      }
      if (rig.geometry().maxTransfer() >= rig.size()) {
        MemorySegment all = rig.memory(rig.size());
        assertEquals(Status.OK, channel.read(0, all));
        Patterns.verify(all, 0, rig.size(), 0, 2);
      }
    }
  }

  /**
   * A write reads back whatever its flags.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void writesWithFlagsReadBack() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE), "read-only");
      ChannelDriver channel = rig.channel(1);
      MemorySegment block = rig.memory(rig.block());
      long generation = 0;
      for (int flags :
          new int[] {0, IoFlags.FUA, IoFlags.BYPASS_CACHE, IoFlags.FUA | IoFlags.BYPASS_CACHE}) {
        if ((flags & IoFlags.FUA) == 0 || rig.can(Capability.FUA)) {
          Patterns.fill(block, 0, rig.block(), rig.block(), ++generation);
          assertEquals(Status.OK, channel.write(rig.block(), block, flags), "flags " + flags);
          rig.expect(channel, rig.block(), rig.block(), generation);
        }
      }
      rig.expectBase(channel, 0, rig.block());
      rig.expectBase(channel, 2L * rig.block(), rig.block());
    }
  }

  /**
   * A range that was zeroed reads as zeros, whatever the flags, also if it is larger than the
   * largest transfer; the blocks beside it keep their bytes.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void zeroedRangeReadsAsZeros() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE) && rig.can(Capability.WRITE_ZEROES), "no write-zeroes");
      ChannelDriver channel = rig.channel(1);
      long block = rig.block();
      for (int flags = 0; flags <= (IoFlags.FUA | IoFlags.NO_UNMAP); flags++) {
        if ((flags & IoFlags.FUA) != 0 && !rig.can(Capability.FUA)) {
          continue;
        }
        for (long length : new long[] {block, 7 * block, rig.size() - 2 * block, rig.size()}) {
          long from = length == rig.size() ? 0 : block;
          rig.fill(channel, 0, rig.size(), 5);
          assertEquals(Status.OK, channel.writeZeroes(from, length, flags), "flags " + flags);
          rig.expectZeros(channel, from, length);
          rig.expect(channel, 0, from, 5);
          rig.expect(channel, from + length, rig.size() - from - length, 5);
        }
      }
      rig.fill(channel, 0, rig.size(), 6);
      rig.expect(channel, 0, rig.size(), 6);
    }
  }

  /**
   * A discarded range reads as something that stays, and that is nobody else's content; the blocks
   * beside it keep their bytes, and it can be written again.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void discardedRangeIsStableAndLeavesTheRestAlone() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      assumeTrue(rig.can(Capability.WRITE) && rig.can(Capability.DISCARD), "no discard");
      ChannelDriver channel = rig.channel(1);
      long block = rig.block();
      for (long length : new long[] {block, 7 * block, rig.size() - 2 * block, rig.size()}) {
        long from = length == rig.size() ? 0 : block;
        byte[] base = rig.base(0, (int) rig.size());
        DiskModel model = new DiskModel(0, base, !discardsLeaveNothingNew());
        rig.fill(channel, 0, rig.size(), 5);
        model.write(0, Patterns.bytes(0, base.length, 5));
        assertEquals(Status.OK, channel.discard(from, length));
        model.discard(from, length);
        for (int i = 0; i < 2; i++) {
          rig.forEachPart(
              channel,
              0,
              rig.size(),
              (at, content) -> model.check(at, content.toArray(ValueLayout.JAVA_BYTE)));
        }
        rig.fill(channel, from, block, 6);
        rig.expect(channel, from, block, 6);
      }
    }
  }

  /**
   * A prefetch of any length succeeds and changes nothing.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void prefetchChangesNothing() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      assertEquals(Status.OK, channel.prefetch(rig.block(), rig.block()));
      assertEquals(Status.OK, channel.prefetch(0, rig.size()));
      rig.expectBase(channel, 0, rig.size());
      if (rig.can(Capability.WRITE)) {
        rig.fill(channel, 0, 3L * rig.block(), 1);
        assertEquals(Status.OK, channel.prefetch(0, rig.size()));
        rig.expect(channel, 0, 3L * rig.block(), 1);
      }
    }
  }

  /**
   * A flush succeeds, with nothing to do and after writes, and changes nothing.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void flushSucceedsAndChangesNothing() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      assertEquals(Status.OK, channel.flush());
      if (rig.can(Capability.WRITE)) {
        rig.fill(channel, 0, 3L * rig.block(), 1);
        assertEquals(Status.OK, channel.flush());
        assertEquals(Status.OK, channel.flush());
        rig.expect(channel, 0, 3L * rig.block(), 1);
      }
      MemorySegment last = rig.memory(rig.block());
      assertEquals(Status.OK, channel.read(rig.size() - rig.block(), last));
      assertArrayEquals(
          rig.base(rig.size() - rig.block(), rig.block()), last.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
