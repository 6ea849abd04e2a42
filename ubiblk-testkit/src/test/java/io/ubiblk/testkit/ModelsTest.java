package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the models know, and what the guarded memory notices. */
class ModelsTest {

  private final byte[] zeros = new byte[512];
  private final MemorySegment memory = Arena.ofAuto().allocate(512);

  private IoRequest write(long generation, int flags) {
    Patterns.fill(memory, 0, 512, 512, generation);
    return IoRequest.write(512, ScatterList.of(memory), flags);
  }

  private static byte[] content(long generation) {
    return Patterns.bytes(512, 512, generation);
  }

  @Test
  void discardedContentIsDecidedByTheFirstRead() {
    DiskModel model = new DiskModel(0, new byte[2048], false);
    model.write(512, content(1));
    model.discard(512, 512);
    model.check(512, content(1));
    assertThrows(AssertionError.class, () -> model.check(512, zeros));
    model.discard(512, 512);
    model.check(512, zeros);
    assertThrows(AssertionError.class, () -> model.check(512, content(1)));
    model.discard(512, 512);
    assertThrows(AssertionError.class, () -> model.check(512, content(2)));
  }

  @Test
  void contentOfOthersMayNeverFollowADiscard() {
    byte[] noise = new byte[512];
    noise[9] = 9;
    for (boolean anything : new boolean[] {false, true}) {
      DiskModel model = new DiskModel(0, new byte[2048], anything);
      model.discard(512, 512);
      assertThrows(AssertionError.class, () -> model.check(512, Patterns.bytes(1024, 512, 1)));
      if (anything) {
        model.check(512, noise);
        assertThrows(AssertionError.class, () -> model.check(512, zeros));
      } else {
        assertThrows(AssertionError.class, () -> model.check(512, noise));
      }
    }
  }

  private DurabilityModel durability(Capability... lacking) {
    ModelOptions options = ModelOptions.of(2048);
    for (Capability capability : lacking) {
      options = options.without(capability);
    }
    return new DurabilityModel(new ModelBlockDevice(options), new byte[2048], false);
  }

  private static void survives(DurabilityModel model, byte[] content) {
    model.powerCut();
    model.checkSurvivor(512, content);
  }

  private static void doesNotSurvive(DurabilityModel model, byte[] content) {
    Expect.failure(
        AssertionError.class,
        "expected what was durable or written since",
        () -> model.checkSurvivor(512, content));
  }

  @Test
  void withoutAFlushEitherContentSurvives() {
    DurabilityModel model = durability();
    IoRequest write = write(1, 0);
    model.issued(write, content(1));
    model.completed(write, content(1));
    IoRequest inFlight = write(2, 0);
    model.issued(inFlight, content(2));
    assertEquals(1, model.undecidedBlocks());
    doesNotSurvive(model, content(3));
    survives(model, content(2));
    doesNotSurvive(model, content(1));
    survives(model, content(2));
  }

  @Test
  void aFlushCoversWhatCompletedBeforeItWasIssued() {
    DurabilityModel model = durability();
    IoRequest first = write(1, 0);
    IoRequest second = write(2, 0);
    IoRequest flush = IoRequest.flush();
    model.issued(first, content(1));
    model.completed(first, content(1));
    model.issued(second, content(2));
    model.issued(flush, new byte[0]);
    model.completed(second, content(2));
    model.completed(flush, new byte[0]);
    doesNotSurvive(model, zeros);
    survives(model, content(1));
  }

  @Test
  void aFlushInFlightCoversNothing() {
    DurabilityModel model = durability();
    IoRequest first = write(1, 0);
    model.issued(first, content(1));
    model.completed(first, content(1));
    model.issued(IoRequest.flush(), new byte[0]);
    survives(model, zeros);
  }

  @Test
  void forcedUnitAccessAndDevicesWithoutACacheAreDurable() {
    isDurableAtCompletion(durability(), IoFlags.FUA);
    isDurableAtCompletion(durability(Capability.FLUSH), IoFlags.NONE);
  }

  private void isDurableAtCompletion(DurabilityModel model, int flags) {
    IoRequest write = write(1, flags);
    model.issued(write, content(1));
    assertEquals(1, model.undecidedBlocks());
    model.completed(write, content(1));
    assertEquals(0, model.undecidedBlocks());
    doesNotSurvive(model, zeros);
    survives(model, content(1));
  }

  @Test
  void whatWasSeenOfADiscardIsWhatSurvivesOfIt() {
    DurabilityModel model = durability();
    IoRequest write = write(1, IoFlags.FUA);
    model.issued(write, content(1));
    model.completed(write, content(1));
    IoRequest discard = IoRequest.discard(512, 512);
    IoRequest flush = IoRequest.flush();
    model.issued(discard, new byte[0]);
    model.completed(discard, new byte[0]);
    model.checkVisible(512, zeros);
    model.issued(flush, new byte[0]);
    model.completed(flush, new byte[0]);
    doesNotSurvive(model, content(1));
    survives(model, zeros);
  }

  @Test
  void aMixtureWithinALargeBlockIsNoticed() {
    ModelOptions options =
        ModelOptions.of(8192).withGeometry(Geometry.of(8192).withBlockSizes(1024, 1024));
    BlockDevice device = new ModelBlockDevice(options);
    DurabilityModel model = new DurabilityModel(device, new byte[8192], false);
    byte[] both = Patterns.bytes(0, 1024, 1);
    MemorySegment native1024 = Arena.ofAuto().allocate(1024);
    model.issued(IoRequest.write(0, native1024), both);
    byte[] half = both.clone();
    System.arraycopy(zeros, 0, half, 512, 512);
    assertThrows(AssertionError.class, () -> model.checkSurvivor(0, half));
    model.checkSurvivor(0, both);
  }

  @Test
  void everyShapeHoldsItsContentAndNoticesStrayBytes() {
    try (Arena arena = Arena.ofConfined()) {
      GuardedBuffer buffer = new GuardedBuffer(arena, 2048);
      SeededRandom random = new SeededRandom(4);
      for (int i = 0; i < 100; i++) {
        ScatterList list =
            switch (i % 3) {
              case 0 -> buffer.layOne(2048, i % 64);
              case 1 -> buffer.layPieces(2048, 1 + i);
              default -> buffer.layPieces(2048, random);
            };
        byte[] content = Patterns.bytes(0, 2048, i);
        buffer.put(content);
        assertEquals(2048, list.byteSize());
        assertArrayEquals(content, buffer.get());
        buffer.assertSourceUnchanged();
        MemorySegment first = list.segment(0);
        flip(first, list.offset(0));
        buffer.assertNothingElseChanged();
        assertThrows(AssertionError.class, buffer::assertSourceUnchanged);
        flip(first, list.offset(0) - 1);
        assertThrows(AssertionError.class, buffer::assertNothingElseChanged);
      }
    }
  }

  private static void flip(MemorySegment segment, long at) {
    segment.set(ValueLayout.JAVA_BYTE, at, (byte) ~segment.get(ValueLayout.JAVA_BYTE, at));
  }

  @Test
  void theSameSeedIssuesTheSameRequests() throws Exception {
    assertEquals(requestsOfALoad(7), requestsOfALoad(7));
    assertTrue(!requestsOfALoad(7).equals(requestsOfALoad(8)), "another seed, another load");
  }

  private static List<RequestEvent> requestsOfALoad(long seed) throws Exception {
    VirtualLoop loop = new VirtualLoop();
    RecordingBlockDevice device = new RecordingBlockDevice(new ModelBlockDevice(65536));
    try (Arena arena = Arena.ofShared();
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      DiskModel model = new DiskModel(0, new byte[65536], false);
      RandomLoad load = new RandomLoad(device, channel, model, new SeededRandom(seed), arena);
      load.run(200);
      load.verify();
    }
    return device.requests();
  }
}
