package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.DeviceRig;
import io.ubiblk.testkit.ForwardingCheck;
import io.ubiblk.testkit.GuardedBuffer;
import io.ubiblk.testkit.IoRequest;
import io.ubiblk.testkit.ModelBlockDevice;
import io.ubiblk.testkit.ModelOptions;
import io.ubiblk.testkit.Patterns;
import io.ubiblk.testkit.RecordingBlockDevice;
import io.ubiblk.testkit.RequestEvent;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What encryption does beyond the contract of devices. */
class XtsBlockDeviceTest implements XtsRig {

  private static final int PIECE = 256 * 1024;

  @Test
  void deviceBelowHoldsWhatTheCipherGives() throws Exception {
    ModelBlockDevice below = new ModelBlockDevice(1 << 20);
    try (DeviceRig rig = rig(below)) {
      ChannelDriver channel = rig.channel(2);
      byte[] plain = Vectors.pattern("xts-plain", 40);
      MemorySegment memory = rig.memory(plain.length);
      memory.copyFrom(MemorySegment.ofArray(plain));
      assertEquals(Status.OK, channel.write(0, memory));
      assertArrayEquals(Vectors.resource("cipher.bin"), below.peek(0, plain.length));
      memory.fill((byte) 0);
      assertEquals(Status.OK, channel.read(0, memory));
      assertArrayEquals(plain, memory.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void whatEncryptionDoesNotConcernIsForwarded() {
    ForwardingCheck.ofDevice(
        XtsBlockDeviceTest::encrypted, "openChannel", "capabilities", "extents");
  }

  private static BlockDevice encrypted(BlockDevice below) {
    try (XtsKey key = Vectors.key(Vectors.KEY)) {
      return new XtsBlockDevice(below, key);
    } catch (BlockDeviceException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void layoutsAreChosenByName() throws Exception {
    assertEquals(TweakLayout.UBIBLK, TweakLayout.named("ubiblk"));
    assertEquals(TweakLayout.PLAIN64, TweakLayout.named("plain64"));
    assertThrows(IllegalArgumentException.class, () -> TweakLayout.named("PLAIN64"));
    ModelBlockDevice below = new ModelBlockDevice(4096);
    try (DeviceRig rig = rig(below, Vectors.KEY, TweakLayout.PLAIN64)) {
      rig.fill(rig.channel(1), 512, 512, 1);
      byte[] expected =
          ReferenceXts.run(
              true, Vectors.hex(Vectors.KEY), TweakLayout.PLAIN64, 1, Patterns.bytes(512, 512, 1));
      assertArrayEquals(expected, below.peek(512, 512));
    }
  }

  @Test
  void wrongKeyReadsAsNoise() throws Exception {
    byte[] sealed;
    ModelBlockDevice below = new ModelBlockDevice(1 << 20);
    try (DeviceRig rig = rig(below)) {
      rig.fill(rig.channel(1), 0, 65536, 1);
      sealed = below.peek(0, 65536);
    }
    ModelBlockDevice again = new ModelBlockDevice(1 << 20);
    again.poke(0, sealed);
    try (DeviceRig rig = rig(again, Vectors.SPEC_KEY, TweakLayout.UBIBLK)) {
      MemorySegment memory = rig.memory(65536);
      assertEquals(Status.OK, rig.channel(1).read(0, memory));
      for (long at = 0; at < 65536; at += 512) {
        assertEquals(Patterns.FOREIGN, Patterns.position(memory, at));
        assertFalse(Patterns.isZero(memory, at, 16));
      }
    }
  }

  @Test
  void numbersOfSectorsBehindTwoToTheThirtyTwoAreWhole() throws Exception {
    long far = (1L << 32) * 512;
    ModelBlockDevice below = new ModelBlockDevice(far + (1 << 20));
    try (DeviceRig rig = rig(below)) {
      ChannelDriver channel = rig.channel(1);
      rig.fill(channel, far - 4096, 8192, 1);
      rig.expect(channel, far - 4096, 8192, 1);
      byte[] plain = Patterns.bytes(far - 4096, 8192, 1);
      byte[] expected =
          ReferenceXts.run(
              true, Vectors.hex(Vectors.KEY), TweakLayout.UBIBLK, (1L << 32) - 8, plain);
      assertArrayEquals(expected, below.peek(far - 4096, 8192));
    }
  }

  @Test
  void zerosAreWrittenAsCiphertextAndNeverPassedOn() throws Exception {
    ModelBlockDevice below = new ModelBlockDevice(4 << 20);
    RecordingBlockDevice recorded = new RecordingBlockDevice(below);
    try (DeviceRig rig = rig(recorded)) {
      ChannelDriver channel = rig.channel(2);
      rig.fill(channel, 0, rig.size(), 1);
      recorded.forget();
      long length = 2 * PIECE + 4096;
      assertEquals(Status.OK, channel.writeZeroes(512, length, IoFlags.FUA | IoFlags.NO_UNMAP));
      rig.expectZeros(channel, 512, length);
      rig.expect(channel, 0, 512, 1);
      rig.expect(channel, 512 + length, 8192, 1);
      assertEquals(List.of(), recorded.requests(Operation.WRITE_ZEROES));
      for (RequestEvent write : recorded.requests(Operation.WRITE)) {
        assertEquals(IoFlags.FUA, write.flags(), write::toString);
      }
      assertArrayEquals(
          ReferenceXts.run(true, Vectors.hex(Vectors.KEY), TweakLayout.UBIBLK, 1, new byte[1024]),
          below.peek(512, 1024));
    }
  }

  @Test
  void zerosAreOfferedWhereverThereIsWriting() throws Exception {
    ModelOptions options = ModelOptions.of(1 << 20).without(Capability.WRITE_ZEROES);
    try (DeviceRig rig = rig(new ModelBlockDevice(options))) {
      assertTrue(rig.can(Capability.WRITE_ZEROES));
      ChannelDriver channel = rig.channel(1);
      assertEquals(Status.OK, channel.writeZeroes(0, 1024, IoFlags.NONE));
      rig.expectZeros(channel, 0, 1024);
    }
    options = ModelOptions.of(1 << 20).without(Capability.WRITE);
    try (DeviceRig rig = rig(new ModelBlockDevice(options))) {
      assertFalse(rig.can(Capability.WRITE_ZEROES));
    }
  }

  @Test
  void discardsPassAndNothingIsSaidToBeZeros() throws Exception {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new ModelBlockDevice(1 << 20));
    try (DeviceRig rig = rig(recorded)) {
      ChannelDriver channel = rig.channel(1);
      rig.fill(channel, 0, 65536, 1);
      assertEquals(Status.OK, channel.discard(4096, 8192));
      RequestEvent discard = recorded.requests(Operation.DISCARD).getFirst();
      assertEquals(4096, discard.offset());
      assertEquals(8192, discard.length());
      List<Integer> flags = new ArrayList<>();
      rig.device().extents(0, rig.size(), (_, _, each) -> flags.add(each));
      assertFalse(flags.isEmpty());
      assertTrue(
          flags.stream().noneMatch(each -> (each & ExtentVisitor.ZERO) != 0), flags::toString);
    }
  }

  @Test
  void longWritesGoInPiecesThatEndAtMultiplesAndKeepTheirFlags() throws Exception {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new ModelBlockDevice(4 << 20));
    try (DeviceRig rig = rig(recorded)) {
      ChannelDriver channel = rig.channel(1);
      long offset = 5 * 512;
      MemorySegment memory = rig.memory(3 * PIECE);
      Patterns.fill(memory, 0, memory.byteSize(), offset, 1);
      assertEquals(Status.OK, channel.write(offset, memory, IoFlags.FUA));
      List<RequestEvent> writes = recorded.requests(Operation.WRITE);
      assertEquals(4, writes.size());
      long at = offset;
      for (RequestEvent write : writes) {
        assertEquals(at, write.offset());
        assertEquals(IoFlags.FUA, write.flags());
        at += write.length();
        assertTrue(at % PIECE == 0 || at == offset + memory.byteSize(), write::toString);
      }
      rig.expect(channel, offset, memory.byteSize(), 1);
    }
  }

  @Test
  void piecesAreNoLongerThanTheDeviceBelowTakes() throws Exception {
    Geometry geometry = Geometry.of(1 << 20).withMaxTransfer(3 * 4096);
    ModelOptions options = ModelOptions.of(1 << 20).withGeometry(geometry);
    try (DeviceRig rig = rig(new ModelBlockDevice(options))) {
      ChannelDriver channel = rig.channel(2);
      rig.fill(channel, 0, rig.size(), 1);
      assertEquals(Status.OK, channel.writeZeroes(4096, 512 * 1024, IoFlags.NONE));
      rig.expect(channel, 0, 4096, 1);
      rig.expectZeros(channel, 4096, 512 * 1024);
    }
  }

  @Test
  void moreThanTheBuffersHoldWaitsAndArrives() throws Exception {
    int count = 40;
    try (DeviceRig rig = rig(new ModelBlockDevice((long) count * PIECE))) {
      ChannelDriver channel = rig.channel(count);
      for (int length : new int[] {PIECE, PIECE - 4096, 3 * 4096, 512}) {
        MemorySegment memory = rig.memory((long) count * length);
        List<IoRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          long offset = (long) i * PIECE;
          Patterns.fill(memory, (long) i * length, length, offset, length);
          requests.add(
              channel.issue(IoRequest.write(offset, memory.asSlice((long) i * length, length))));
        }
        channel.submit();
        channel.awaitAll();
        for (IoRequest request : requests) {
          assertEquals(Status.OK, request.status(), request::toString);
          rig.expect(channel, request.offset(), length, length);
        }
      }
    }
  }

  @Test
  void closingCancelsWhatWaitsForBuffers() throws Exception {
    int count = 24;
    try (DeviceRig rig = rig(new ModelBlockDevice((long) count * PIECE))) {
      ChannelDriver channel = rig.channel(count);
      MemorySegment memory = rig.memory(PIECE);
      List<IoRequest> requests = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        requests.add(channel.issue(IoRequest.write((long) i * PIECE, memory)));
      }
      channel.close();
      long canceled = requests.stream().filter(r -> r.status() == Status.ECANCELED).count();
      assertEquals(count - PagePool.MOST_SLABS, canceled);
      ChannelDriver after = rig.channel(1);
      rig.fill(after, 0, PIECE, 3);
      rig.expect(after, 0, PIECE, 3);
    }
  }

  @Test
  void segmentsOfAnySizeCrossSectors() {
    Seeds.check(
        20,
        random -> {
          try (DeviceRig rig = rig(new ModelBlockDevice(2 << 20))) {
            ChannelDriver channel = rig.channel(1);
            GuardedBuffer buffer = rig.guarded(1 << 20);
            int length = 512 * random.between(1, 2048);
            long offset = 512L * random.below((int) ((rig.size() - length) / 512) + 1);
            byte[] plain = Patterns.bytes(offset, length, 1);
            if (random.chance(0.5)) {
              buffer.layPieces(length, random.between(1, 1000));
            } else {
              buffer.layPieces(length, random);
            }
            buffer.put(plain);
            assertEquals(
                Status.OK, channel.run(IoRequest.write(offset, buffer.list(), IoFlags.NONE)));
            buffer.assertSourceUnchanged();
            rig.expect(channel, offset, length, 1);
            buffer.put(new byte[length]);
            assertEquals(Status.OK, channel.run(IoRequest.read(offset, buffer.list())));
            assertArrayEquals(plain, buffer.get());
            buffer.assertNothingElseChanged();
          }
        });
  }

  @Test
  void deviceOfVeryLargeBlocksIsRefused() {
    Geometry large = Geometry.of(4 << 20).withBlockSizes(1 << 20, 1 << 20);
    ModelBlockDevice below = new ModelBlockDevice(ModelOptions.of(4 << 20).withGeometry(large));
    try (XtsKey key = Vectors.key(Vectors.KEY)) {
      BlockDeviceException refusal =
          assertThrows(
              BlockDeviceException.Unsupported.class, () -> new XtsBlockDevice(below, key));
      assertTrue(refusal.toString().contains("1048576"), refusal::toString);
    }
    below.close();
  }

  @Test
  void closedKeyMakesNoDevice() {
    XtsKey key = Vectors.key(Vectors.KEY);
    key.close();
    ModelBlockDevice below = new ModelBlockDevice(4096);
    assertThrows(IllegalStateException.class, () -> new XtsBlockDevice(below, key));
    below.close();
  }

  @Test
  void textShowsNoKey() throws IOException {
    try (XtsKey key = Vectors.key(Vectors.KEY);
        BlockDevice device = new XtsBlockDevice(new ModelBlockDevice(4096), key)) {
      String text = device + " " + key;
      assertTrue(text.startsWith("XtsBlockDevice("), text);
      assertFalse(text.contains("6470"), text);
      assertTrue(text.endsWith("XtsKey[redacted]"), text);
    }
  }

  @Test
  void flushesPassAndEmptyListsAreAnswered() throws Exception {
    RecordingBlockDevice recorded = new RecordingBlockDevice(new ModelBlockDevice(4096));
    try (DeviceRig rig = rig(recorded)) {
      ChannelDriver channel = rig.channel(1);
      assertEquals(Status.OK, channel.flush());
      assertEquals(1, recorded.flushes());
      IoRequest empty = IoRequest.write(512, new ScatterList(), IoFlags.NONE);
      assertEquals(Status.OK, channel.run(empty));
      assertEquals(List.of(), recorded.requests(Operation.WRITE));
    }
  }
}
