package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

class CrashingBlockDeviceTest {

  private static final int SIZE = 8192;

  private final VirtualLoop loop = new VirtualLoop();
  private final MemorySegment memory = Arena.ofAuto().allocate(SIZE);

  /** Everything that the first block can hold after a power cut, as generations. */
  private Set<Long> outcomes(LongFunction<CrashingBlockDevice> run) {
    Set<Long> found = new HashSet<>();
    for (long seed = 0; seed < 200; seed++) {
      CrashingBlockDevice survivor = run.apply(seed);
      found.add(Patterns.generation(MemorySegment.ofArray(survivor.peek(0, 512)), 0, 0));
    }
    return found;
  }

  private int write(ChannelDriver channel, long generation, int flags) {
    Patterns.fill(memory, 0, 512, 0, generation);
    return channel.write(0, memory.asSlice(0, 512), flags);
  }

  private ChannelDriver open(CrashingBlockDevice device) {
    try {
      return ChannelDriver.open(device, loop, 64);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCompletedWriteMaySurviveOrNot() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              write(channel, 2, 0);
              return device.powerCut(seed);
            });
    assertEquals(Set.of(Patterns.ZEROS, 1L, 2L), found, "any of the writes, or none");
  }

  @Test
  void aFlushMakesEarlierWritesDurableAndOlderOnesImpossible() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              write(channel, 2, 0);
              assertEquals(Status.OK, channel.flush());
              assertEquals(0, device.changesAtStake());
              write(channel, 3, 0);
              return device.powerCut(seed);
            });
    assertEquals(Set.of(2L, 3L), found);
  }

  @Test
  void aFlushDoesNotCoverWhatCompletedAfterItWasIssued() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device =
                  new CrashingBlockDevice(ModelOptions.of(SIZE).withSeed(seed));
              ChannelDriver channel = open(device);
              Patterns.fill(memory, 0, 512, 0, 1);
              channel.issue(IoRequest.write(0, memory.asSlice(0, 512)));
              channel.issue(IoRequest.flush());
              channel.submit();
              channel.awaitAll();
              return device.powerCut(seed);
            });
    assertEquals(Set.of(Patterns.ZEROS, 1L), found);
  }

  @Test
  void forcedUnitAccessIsDurableAtCompletion() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              write(channel, 2, IoFlags.FUA);
              return device.powerCut(seed);
            });
    assertEquals(Set.of(2L), found);
  }

  @Test
  void withoutTheFlushCapabilityEverythingIsDurable() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device =
                  new CrashingBlockDevice(ModelOptions.of(SIZE).without(Capability.FLUSH));
              write(open(device), 1, 0);
              return device.powerCut(seed);
            });
    assertEquals(Set.of(1L), found);
  }

  @Test
  void requestsInFlightMaySurviveOrNot() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              Patterns.fill(memory, 0, 512, 0, 1);
              channel.issue(IoRequest.write(0, memory.asSlice(0, 512)));
              return device.powerCut(seed);
            });
    assertEquals(Set.of(Patterns.ZEROS, 1L), found);
  }

  @Test
  void discardAndWriteZeroesAreHeldBackToo() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              device.poke(0, Patterns.bytes(0, 512, 7));
              ChannelDriver channel = open(device);
              assertEquals(Status.OK, channel.writeZeroes(0, SIZE, 0));
              assertTrue(Patterns.isZero(MemorySegment.ofArray(device.peek(0, 512)), 0, 512));
              return device.powerCut(seed);
            });
    assertEquals(Set.of(Patterns.ZEROS, 7L), found);
  }

  @Test
  void aFailedFlushMakesNothingDurable() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              device.failNextFlush(Status.EIO, false);
              assertEquals(Status.EIO, channel.flush());
              CrashingBlockDevice survivor = device.powerCut(seed);
              assertThrows(IllegalStateException.class, () -> device.powerCut(seed));
              return survivor;
            });
    assertEquals(Set.of(Patterns.ZEROS, 1L), found);
  }

  @Test
  void afterAFailedFlushThatDropsTheNextOneHelpsNothing() {
    Set<Long> found =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              device.failNextFlush(Status.EIO, true);
              assertEquals(Status.EIO, channel.flush());
              assertEquals(Status.OK, channel.flush());
              return device.powerCut(seed);
            });
    assertEquals(Set.of(Patterns.ZEROS, 1L), found);
    Set<Long> repeated =
        outcomes(
            seed -> {
              CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
              ChannelDriver channel = open(device);
              write(channel, 1, 0);
              device.failNextFlush(Status.EIO, true);
              channel.flush();
              write(channel, 2, 0);
              assertEquals(Status.OK, channel.flush());
              return device.powerCut(seed);
            });
    assertEquals(Set.of(2L), repeated);
  }

  @Test
  void blocksSurviveWholeAndIndependently() {
    ModelOptions options =
        ModelOptions.of(SIZE).withGeometry(Geometry.of(SIZE).withBlockSizes(1024, 4096));
    Set<String> pictures = new HashSet<>();
    for (long seed = 0; seed < 300; seed++) {
      CrashingBlockDevice device = new CrashingBlockDevice(options);
      ChannelDriver channel = open(device);
      Patterns.fill(memory, 0, SIZE, 0, 1);
      channel.write(0, memory);
      MemorySegment after = MemorySegment.ofArray(device.powerCut(seed).peek(0, SIZE));
      StringBuilder picture = new StringBuilder();
      for (int at = 0; at < SIZE; at += 1024) {
        long generation = Patterns.generation(after, at, at);
        assertEquals(generation, Patterns.generation(after, at + 512, at + 512), "torn block");
        picture.append(generation).append(' ');
      }
      pictures.add(picture.toString());
    }
    assertTrue(pictures.size() > 50, pictures.size() + " different outcomes");
  }

  @Test
  void theSameSeedsGiveTheSameSurvivor() {
    byte[][] survivors = new byte[2][];
    for (int i = 0; i < 2; i++) {
      CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
      ChannelDriver channel = open(device);
      Patterns.fill(memory, 0, SIZE, 0, 1);
      channel.write(0, memory);
      survivors[i] = device.powerCut(99).peek(0, SIZE);
    }
    assertArrayEquals(survivors[0], survivors[1]);
  }

  @Test
  void afterTheCutNothingIsAnsweredUntilTheFuneral() throws Exception {
    CrashingBlockDevice device = new CrashingBlockDevice(SIZE);
    ChannelDriver channel = open(device);
    IoRequest lost = channel.issue(IoRequest.write(0, memory.asSlice(0, 512)));
    channel.submit();
    CrashingBlockDevice survivor = device.powerCut(1);
    IoRequest late = channel.issue(IoRequest.flush());
    channel.submit();
    channel.closeLater(() -> {});
    loop.turn();
    loop.turn();
    assertFalse(lost.isDone() || late.isDone() || channel.isClosed());
    assertThrows(
        BlockDeviceException.Closed.class, () -> device.openChannel(loop, 1, (_, _) -> {}));
    device.bury();
    channel.close();
    assertEquals(Status.EIO, lost.status());
    assertEquals(Status.EIO, late.status());
    device.close();
    try (ChannelDriver again = open(survivor)) {
      assertEquals(Status.OK, again.read(0, memory));
    }
    survivor.close();
  }

  @Test
  void twoDevicesAreCutAtTheSameInstant() {
    Set<String> found = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      CrashingBlockDevice data = new CrashingBlockDevice(SIZE);
      CrashingBlockDevice metadata = new CrashingBlockDevice(SIZE);
      write(open(data), 1, 0);
      write(open(metadata), 1, 0);
      byte[] a = data.powerCut(seed).peek(0, 1);
      byte[] b = metadata.powerCut(-seed).peek(0, 1);
      found.add(a[0] + " " + b[0]);
    }
    assertEquals(4, found.size(), "what survives is chosen device by device");
  }
}
