package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The part of {@link BlockDeviceContract} about requests that must be refused, and about those that
 * are at the limit.
 *
 * <p>Where a request is wrong in two ways, either errno will do.
 */
public interface RefusalContract extends BlockDeviceFixture {

  /**
   * Every operation refuses a range that is negative, overflows, ends behind the device or is
   * misaligned, moves no byte, and serves the next request.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void badRangesAreRefusedAndMoveNothing() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      boolean written = rig.can(Capability.WRITE);
      if (written) {
        rig.fill(channel, 0, rig.size(), 1);
      }
      GuardedBuffer buffer = rig.guarded(4 * rig.block());
      for (long[] range : badRanges(rig.geometry())) {
        for (Operation operation : EnumSet.complementOf(EnumSet.of(Operation.FLUSH))) {
          boolean transfer = operation == Operation.READ || operation == Operation.WRITE;
          if (transfer && (range[1] < 0 || range[1] > 4L * rig.block())) {
            continue;
          }
          ScatterList data = buffer.layOne(transfer ? (int) range[1] : 0, 5);
          expectRefusal(rig, channel, request(operation, range[0], range[1], data));
          buffer.assertSourceUnchanged();
        }
      }
      if (written) {
        rig.expect(channel, 0, rig.size(), 1);
      } else {
        rig.expectBase(channel, 0, rig.size());
      }
    }
  }

  /**
   * A transfer of the largest size is served and a longer one refused; other operations may be
   * longer.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void largestTransferLimitsReadsAndWritesOnly() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      int most = rig.geometry().maxTransfer();
      assumeTrue(most < rig.size(), "no transfer can be too long");
      ChannelDriver channel = rig.channel(4);
      GuardedBuffer buffer = rig.guarded(most + rig.block());
      buffer.layOne(most, 0);
      assertEquals(Status.OK, channel.run(IoRequest.read(0, buffer.list())));
      buffer.assertNothingElseChanged();
      buffer.layOne(most + rig.block(), 0);
      assertEquals(Status.EINVAL, channel.run(IoRequest.read(0, buffer.list())));
      buffer.assertSourceUnchanged();
      assertEquals(Status.OK, channel.prefetch(0, rig.size()));
      if (rig.can(Capability.WRITE)) {
        assertEquals(Status.EINVAL, channel.run(IoRequest.write(0, buffer.list(), IoFlags.NONE)));
        rig.expectBase(channel, 0, rig.size());
        buffer.layOne(most, 0);
        byte[] content = Patterns.bytes(0, most, 3);
        buffer.put(content);
        assertEquals(Status.OK, channel.run(IoRequest.write(0, buffer.list(), IoFlags.NONE)));
        rig.expect(channel, 0, most, 3);
        rig.expectBase(channel, most, rig.size() - most);
      }
    }
  }

  /**
   * An empty request inside the device, its end included, succeeds and does nothing. Where the
   * device does not offer the operation it may be refused for that.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void emptyRequestsSucceed() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(2);
      for (long offset : new long[] {0, rig.block(), rig.size()}) {
        for (Operation operation : Operation.values()) {
          IoRequest request = request(operation, offset, 0, new ScatterList());
          int status = channel.run(request);
          Set<Integer> allowed = refusals(rig, request);
          allowed.add(Status.OK);
          assertTrue(allowed.contains(status), () -> request + ", expected " + names(allowed));
        }
      }
      rig.expectBase(channel, 0, rig.size());
    }
  }

  /**
   * What the capabilities do not list is refused: EROFS for changes to a read-only device,
   * EOPNOTSUPP for all else. Nothing is changed by it.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void whatTheCapabilitiesDoNotListIsRefused() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      GuardedBuffer buffer = rig.guarded(rig.block());
      List<IoRequest> requests = new ArrayList<>();
      byte[] content = Patterns.bytes(0, rig.block(), 1);
      buffer.layOne(rig.block(), 0);
      buffer.put(content);
      requests.add(IoRequest.write(0, buffer.list(), IoFlags.NONE));
      requests.add(IoRequest.write(0, buffer.list(), IoFlags.FUA));
      requests.add(IoRequest.discard(0, rig.block()));
      requests.add(IoRequest.writeZeroes(0, rig.block(), IoFlags.NONE));
      requests.add(IoRequest.writeZeroes(0, rig.block(), IoFlags.NO_UNMAP));
      requests.add(IoRequest.writeZeroes(0, rig.block(), IoFlags.FUA));
      requests.removeIf(request -> refusals(rig, request).isEmpty());
      for (IoRequest request : requests) {
        expectRefusal(rig, channel, request);
        buffer.assertSourceUnchanged();
        rig.expectBase(channel, 0, 2L * rig.block());
      }
      assertEquals(Status.OK, channel.flush());
      assertEquals(Status.OK, channel.prefetch(0, rig.block()));
    }
  }

  /**
   * A flag that does not exist, or that the operation does not know, is refused with EINVAL, and
   * nothing is changed: whoever sends it may rely on what it means.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void unknownFlagsAreRefused() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      GuardedBuffer buffer = rig.guarded(rig.block());
      buffer.layOne(rig.block(), 0);
      buffer.put(Patterns.bytes(0, rig.block(), 1));
      List<IoRequest> requests = new ArrayList<>();
      for (int unknown : new int[] {1 << 3, 1 << 16, 1 << 31, IoFlags.FUA | 1 << 3}) {
        requests.add(IoRequest.write(0, buffer.list(), unknown));
        requests.add(IoRequest.writeZeroes(0, rig.block(), unknown));
      }
      requests.add(IoRequest.write(0, buffer.list(), IoFlags.NO_UNMAP));
      requests.add(IoRequest.writeZeroes(0, rig.block(), IoFlags.BYPASS_CACHE));
      for (IoRequest request : requests) {
        Set<Integer> allowed = refusals(rig, request);
        allowed.add(Status.EINVAL);
        int status = channel.run(request);
        assertTrue(allowed.contains(status), () -> request + ", expected " + names(allowed));
        buffer.assertSourceUnchanged();
      }
      rig.expectBase(channel, 0, 2L * rig.block());
    }
  }

  private static void expectRefusal(DeviceRig rig, ChannelDriver channel, IoRequest request) {
    Set<Integer> allowed = refusals(rig, request);
    int status = channel.run(request);
    assertTrue(
        allowed.contains(status),
        () -> "%s, expected %s; %s".formatted(request, names(allowed), rig.geometry()));
  }

  /** Every errno that the contract allows for a request; none if it must succeed. */
  private static Set<Integer> refusals(DeviceRig rig, IoRequest request) {
    Set<Integer> statuses = new TreeSet<>();
    Geometry geometry = rig.geometry();
    boolean transfer =
        request.operation() == Operation.READ || request.operation() == Operation.WRITE;
    int range =
        transfer
            ? geometry.checkTransfer(request.offset(), request.length())
            : geometry.check(request.offset(), request.length());
    if (range != Status.OK && request.operation() != Operation.FLUSH) {
      statuses.add(range);
    }
    Capability needed =
        switch (request.operation()) {
          case WRITE -> Capability.WRITE;
          case DISCARD -> Capability.DISCARD;
          case WRITE_ZEROES -> Capability.WRITE_ZEROES;
          case READ, FLUSH, PREFETCH -> null;
        };
    if (needed != null && !rig.can(Capability.WRITE)) {
      statuses.add(Status.EROFS);
    }
    boolean fua = (request.flags() & IoFlags.FUA) != 0 && !rig.can(Capability.FUA);
    if (fua || (needed != null && needed != Capability.WRITE && !rig.can(needed))) {
      statuses.add(Status.EOPNOTSUPP);
    }
    return statuses;
  }

  private static IoRequest request(
      Operation operation, long offset, long length, ScatterList data) {
    return switch (operation) {
      case DISCARD -> IoRequest.discard(offset, length);
      case WRITE_ZEROES -> IoRequest.writeZeroes(offset, length, IoFlags.NONE);
      case PREFETCH -> IoRequest.prefetch(offset, length);
      case READ, WRITE, FLUSH -> IoRequest.of(operation, offset, data);
    };
  }

  private static String names(Set<Integer> statuses) {
    return statuses.stream().map(Status::name).collect(Collectors.joining(" or "));
  }

  /** Pairs of offset and length that no device of this geometry serves. */
  private static List<long[]> badRanges(Geometry geometry) {
    long size = geometry.size();
    long block = geometry.logicalBlockSize();
    long last = Long.MAX_VALUE - Long.MAX_VALUE % block;
    List<long[]> ranges = new ArrayList<>();
    for (long length : new long[] {block, 2 * block, 4 * block}) {
      ranges.add(new long[] {size, length});
      ranges.add(new long[] {size - length + block, length});
      ranges.add(new long[] {-block, length});
      ranges.add(new long[] {-length, length});
      ranges.add(new long[] {last, length});
      ranges.add(new long[] {last - length + block, length});
      ranges.add(new long[] {Long.MIN_VALUE, length});
      ranges.add(new long[] {1L << 32 << 9, length});
      ranges.add(new long[] {1, length});
      ranges.add(new long[] {block / 2, length});
      ranges.add(new long[] {block, length - 1});
      ranges.add(new long[] {block, length / 2 + 1});
      ranges.add(new long[] {block + block / 2, length - block / 2});
    }
    ranges.add(new long[] {0, 1});
    ranges.add(new long[] {1, 0});
    ranges.add(new long[] {size + block, 0});
    ranges.add(new long[] {-block, 0});
    ranges.add(new long[] {0, size + block});
    ranges.add(new long[] {block, size});
    ranges.add(new long[] {0, -block});
    ranges.add(new long[] {size, -block});
    ranges.add(new long[] {block, Long.MIN_VALUE});
    ranges.add(new long[] {block, last});
    ranges.add(new long[] {last, last});
    ranges.removeIf(range -> geometry.check(range[0], range[1]) == Status.OK);
    return ranges;
  }
}
