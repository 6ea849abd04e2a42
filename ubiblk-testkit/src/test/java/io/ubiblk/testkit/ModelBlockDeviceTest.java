package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.testkit.ModelOptions.Discards;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class ModelBlockDeviceTest {

  private final VirtualLoop loop = new VirtualLoop();
  private final MemorySegment memory = Arena.ofAuto().allocate(65536);

  @Test
  void nothingStartsBeforeSubmit() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    List<Long> done = new ArrayList<>();
    BlockChannel channel = device.openChannel(loop, 4, (tag, _) -> done.add(tag));
    channel.write(0, ScatterList.of(memory.asSlice(0, 512)), 0, 1);
    assertEquals(0, loop.turn());
    assertTrue(done.isEmpty());
    channel.submit();
    assertTrue(loop.turn() > 0);
    assertEquals(List.of(1L), done);
  }

  @Test
  void requestsInFlightCompleteInAnyOrder() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    List<Long> done = new ArrayList<>();
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 100)) {
      for (long i = 0; i < 100; i++) {
        channel.issue(IoRequest.flush().withTag(i).then(r -> done.add(r.tag())));
      }
      channel.submit();
      channel.awaitAll();
    }
    List<Long> sorted = done.stream().sorted().toList();
    assertEquals(100, new HashSet<>(done).size());
    assertFalse(done.equals(sorted), "the order of the calls is not promised, so it must not hold");
  }

  @Test
  void sourceMemoryThatChangesInFlightIsRemembered() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      IoRequest write = channel.issue(IoRequest.write(0, memory.asSlice(0, 512)));
      memory.set(ValueLayout.JAVA_BYTE, 100, (byte) 1);
      channel.submit();
      channel.await(write);
    }
    assertEquals(1, device.complaints().size());
    assertTrue(device.complaints().getFirst().contains("memory was changed"));
    assertThrows(AssertionError.class, device::close);
  }

  @Test
  void aListThatChangesInFlightIsRemembered() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    ScatterList list = ScatterList.of(memory.asSlice(0, 512));
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      IoRequest read = channel.issue(IoRequest.read(0, list));
      list.clear();
      list.add(memory, 512, 512);
      channel.submit();
      channel.await(read);
    }
    Expect.failure(AssertionError.class, "scatter list was changed", device::close);
  }

  @Test
  void closingWithAnOpenChannelSaysWhereItWasOpened() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    ChannelDriver channel = openHere(device);
    IllegalStateException e = assertThrows(IllegalStateException.class, device::close);
    assertEquals(1, e.getSuppressed().length);
    assertTrue(
        List.of(e.getSuppressed()[0].getStackTrace()).stream()
            .anyMatch(f -> f.getMethodName().equals("openHere")));
    channel.close();
    device.close();
  }

  private ChannelDriver openHere(ModelBlockDevice device) throws Exception {
    return ChannelDriver.open(device, loop, 1);
  }

  @Test
  void useOnAnotherThreadIsRefused() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      FutureTask<Boolean> elsewhere = new FutureTask<>(() -> channel.channel().flush(1));
      Thread.startVirtualThread(elsewhere).join();
      assertTrue(
          assertThrows(ExecutionException.class, elsewhere::get).getCause()
              instanceof AssertionError);
      FutureTask<Object> opening =
          new FutureTask<>(() -> device.openChannel(loop, 1, (_, _) -> {}));
      Thread.startVirtualThread(opening).join();
      assertTrue(
          assertThrows(ExecutionException.class, opening::get).getCause()
              instanceof AssertionError);
    }
  }

  @Test
  void unknownFlagsAreRefused() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(4096);
    MemorySegment block = memory.asSlice(0, 512);
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      assertEquals(Status.EINVAL, channel.write(0, block, 1 << 20));
      assertEquals(Status.EINVAL, channel.write(0, block, IoFlags.NO_UNMAP));
      assertEquals(Status.EINVAL, channel.writeZeroes(0, 512, IoFlags.BYPASS_CACHE));
      assertEquals(Status.OK, channel.write(0, block, IoFlags.BYPASS_CACHE | IoFlags.FUA));
    }
  }

  @Test
  void whatWasNotWrittenTakesNoMemory() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(1L << 50);
    byte[] content = Patterns.bytes(1L << 49, 512, 1);
    device.poke(1L << 49, content);
    MemorySegment.copy(content, 0, memory, ValueLayout.JAVA_BYTE, 0, 512);
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      assertEquals(Status.OK, channel.read(1L << 49, memory.asSlice(512, 1024)));
      assertEquals(0, Patterns.isZero(memory, 1024, 512) ? 0 : 1);
      Patterns.verify(memory, 512, 512, 1L << 49, 1);
      assertEquals(Status.OK, channel.writeZeroes((1L << 49) - 4096, 8192, 0));
    }
    assertArrayEquals(new byte[512], device.peek(1L << 49, 512));
  }

  @Test
  void extentsTellDataFromHoles() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(65536);
    device.poke(8192, new byte[] {1});
    List<String> extents = new ArrayList<>();
    ExtentVisitor visitor =
        (offset, length, flags) -> extents.add(offset + "+" + length + ":" + flags);
    device.extents(1000, 20000, visitor);
    assertEquals(List.of("1000+7192:3", "8192+4096:0", "12288+8712:3"), extents);
  }

  @Test
  void discardsDoWhatTheOptionsSay() throws Exception {
    assertEquals(Set.of(Patterns.ZEROS), generationsAfterDiscard(Discards.ZERO));
    assertEquals(Set.of(4L), generationsAfterDiscard(Discards.KEEP));
    assertEquals(Set.of(Patterns.ZEROS, 4L), generationsAfterDiscard(Discards.MIXED));
  }

  private Set<Long> generationsAfterDiscard(Discards discards) throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(ModelOptions.of(65536).withDiscards(discards));
    device.poke(0, Patterns.bytes(0, 65536, 4));
    try (ChannelDriver channel = ChannelDriver.open(device, loop, 1)) {
      assertEquals(Status.OK, channel.discard(0, 65536));
    }
    Set<Long> found = new HashSet<>();
    MemorySegment after = MemorySegment.ofArray(device.peek(0, 65536));
    for (int i = 0; i < 65536; i += 512) {
      found.add(Patterns.generation(after, i, i));
    }
    return found;
  }

  @Test
  void aDeviceThatCannotGrowSaysSo() throws Exception {
    ModelBlockDevice device = new ModelBlockDevice(ModelOptions.of(4096).withResizable(false));
    assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(8192));
    assertEquals(4096, device.geometry().size());
  }

  @Test
  void optionsTakeCapabilitiesAway() throws Exception {
    ModelOptions options = ModelOptions.of(4096).without(Capability.FUA).without(Capability.WRITE);
    assertEquals(
        Set.of(Capability.FLUSH, Capability.DISCARD, Capability.WRITE_ZEROES),
        new ModelBlockDevice(options).capabilities());
  }
}
