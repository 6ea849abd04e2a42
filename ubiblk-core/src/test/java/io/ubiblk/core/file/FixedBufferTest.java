package io.ubiblk.core.file;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.layer.QueueTrackingDevice;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.LoopDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transfers with buffers that this process does not see. Here it does: a list stands for each. */
class FixedBufferTest {

  private static final int SIZE = 1 << 20;
  private static final int BUFFER = 5;
  private static final long TAG = 1L << 40;

  @TempDir Path directory;

  private final Answers answers = new Answers();

  /** Answers transfers with what the test has put there, and performs the others. */
  private static final class Answers implements ScriptedPort.Script {
    private final MemorySegment memory = Arena.ofAuto().allocate(64 << 10, 4096);
    private final ScatterList list = ScatterList.of(memory);
    private final List<Integer> transfers = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private int flags;

    @Override
    public long transfer(boolean write, long offset, long length) {
      log.add((write ? "write " : "read ") + offset + "+" + length);
      return transfers.isEmpty() ? length : transfers.removeFirst();
    }

    @Override
    public void wrote(int given) {
      flags = given;
    }

    @Override
    public ScatterList fixed(int buffer) {
      assertEquals(BUFFER, buffer);
      return list;
    }
  }

  private interface Body {
    void run(Rig rig) throws Exception;
  }

  /** A channel on a scripted reactor, used by the test's thread. */
  private static final class Rig {
    private final LoopDriver driver;
    private final BlockChannel channel;
    private final FixedBufferChannel fixed;
    private int outcome = -1;

    Rig(ScriptedReactor loop, BlockDevice device) throws Exception {
      driver = new LoopDriver(loop);
      channel = device.openChannel(loop, 4, this::completed);
      fixed = requireNonNull(FixedBufferChannel.of(channel));
    }

    private void completed(long tag, int status) {
      assertEquals(TAG, tag);
      assertEquals(-1, outcome, "completed twice");
      outcome = status;
    }

    int await(boolean accepted) {
      assertTrue(accepted);
      channel.submit();
      driver.until(() -> outcome >= 0, () -> "completion");
      int status = outcome;
      outcome = -1;
      return status;
    }

    int read(long offset, long length) {
      return await(fixed.readFixed(offset, BUFFER, length, TAG));
    }

    int write(long offset, long length, int flags) {
      return await(fixed.writeFixed(offset, BUFFER, length, flags, TAG));
    }

    void close() {
      boolean[] closed = new boolean[1];
      channel.close(() -> closed[0] = true);
      driver.until(() -> closed[0], () -> "close");
    }
  }

  private RawFileDevice file(RawFileOptions options) throws Exception {
    Path path = directory.resolve("disk");
    return Files.exists(path)
        ? RawFileDevice.open(path, options)
        : RawFileDevice.create(path, SIZE, options);
  }

  private void with(BlockDevice device, Body body) throws Exception {
    try (device;
        ScriptedReactor loop = ScriptedReactor.ring(answers)) {
      Rig rig = new Rig(loop, device);
      body.run(rig);
      rig.close();
    }
  }

  private byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ((i * 31) >>> 3);
    }
    MemorySegment.copy(bytes, 0, answers.memory, ValueLayout.JAVA_BYTE, 0, length);
    return bytes;
  }

  @Test
  void dataArrivesThoughTransfersAreCutShort() throws Exception {
    with(
        file(RawFileOptions.DEFAULT),
        rig -> {
          byte[] bytes = pattern(16384);
          answers.transfers.addAll(List.of(1000, 4096));
          assertEquals(Status.OK, rig.write(8192, 16384, IoFlags.NONE));
          answers.memory.fill((byte) 0);
          answers.transfers.addAll(List.of(512, 777, 1));
          assertEquals(Status.OK, rig.read(8192, 16384));
          byte[] found = answers.memory.asSlice(0, 16384).toArray(ValueLayout.JAVA_BYTE);
          assertArrayEquals(bytes, found);
        });
    byte[] stored = Files.readAllBytes(directory.resolve("disk"));
    assertArrayEquals(pattern(16384), Arrays.copyOfRange(stored, 8192, 8192 + 16384));
  }

  @Test
  void errorsComeOutAsTheyAreAndNothingIsTriedInAnotherWay() throws Exception {
    with(
        file(RawFileOptions.DEFAULT),
        rig -> {
          for (int errno : new int[] {Status.EIO, Status.ENOSPC, Status.EINVAL, Status.EFAULT}) {
            answers.transfers.add(-errno);
            assertEquals(errno, rig.write(0, 4096, IoFlags.NONE));
            answers.transfers.add(-errno);
            assertEquals(errno, rig.read(0, 4096));
          }
          assertEquals(8, answers.log.size());
        });
  }

  @Test
  void forcedWritesAreDurable() throws Exception {
    with(
        file(RawFileOptions.DEFAULT),
        rig -> {
          assertEquals(Status.OK, rig.write(0, 4096, IoFlags.NONE));
          assertEquals(0, answers.flags);
          assertEquals(Status.OK, rig.write(0, 4096, IoFlags.FUA));
          assertEquals(OpenFile.RWF_DSYNC, answers.flags);
        });
  }

  @Test
  void whatHasToBeRefusedOrRoundedIsLeftToMemory() throws Exception {
    with(
        file(RawFileOptions.DEFAULT),
        rig -> {
          for (long[] range :
              new long[][] {{-512, 512}, {SIZE, 512}, {0, 0}, {0, -512}, {1, 512}}) {
            assertFalse(rig.fixed.readFixed(range[0], BUFFER, range[1], TAG));
            assertFalse(rig.fixed.writeFixed(range[0], BUFFER, range[1], 0, TAG));
          }
          assertFalse(rig.fixed.writeFixed(0, BUFFER, 512, 1 << 20, TAG));
        });
    with(
        file(RawFileOptions.DEFAULT.withReadOnly(true)),
        rig -> {
          assertFalse(rig.fixed.writeFixed(0, BUFFER, 512, 0, TAG));
          assertEquals(Status.OK, rig.read(0, 512));
        });
    assertEquals(1, answers.log.size());
  }

  @Test
  void layersThatDoNotLookPassItOn() throws Exception {
    StatisticsDevice counting = new StatisticsDevice(file(RawFileOptions.DEFAULT));
    with(
        new QueueTrackingDevice(counting, 1),
        rig -> {
          assertEquals(Status.OK, rig.write(0, 4096, IoFlags.NONE));
          assertEquals(Status.OK, rig.read(0, 8192));
          assertFalse(rig.fixed.readFixed(SIZE, BUFFER, 512, TAG));
          assertEquals(4096, counting.statistics().of(Operation.WRITE).bytes());
          assertEquals(8192, counting.statistics().of(Operation.READ).bytes());
        });
    with(
        new ReadOnlyDevice(file(RawFileOptions.DEFAULT)),
        rig -> {
          assertEquals(Status.EROFS, rig.write(0, 512, IoFlags.NONE));
          assertEquals(Status.OK, rig.read(0, 512));
        });
  }

  @Test
  void layersThatMayLookDoNotTakePart() throws Exception {
    try (ScriptedReactor loop = ScriptedReactor.ring(answers);
        RawFileDevice device = file(RawFileOptions.DEFAULT)) {
      LoopDriver driver = new LoopDriver(loop);
      BlockChannel channel = device.openChannel(loop, 1, (tag, status) -> {});
      assertNotNull(FixedBufferChannel.of(channel));
      assertNull(FixedBufferChannel.of(new ForwardingBlockChannel(channel) {}));
      boolean[] closed = new boolean[1];
      channel.close(() -> closed[0] = true);
      driver.until(() -> closed[0], () -> "close");
    }
    try (ScriptedReactor loop = ScriptedReactor.ring(answers);
        StatisticsDevice device = new StatisticsDevice(new MemoryDevice(SIZE))) {
      BlockChannel channel = device.openChannel(loop, 1, (tag, status) -> {});
      assertNull(FixedBufferChannel.of(channel), "there is nothing below that takes part");
      boolean[] closed = new boolean[1];
      channel.close(() -> closed[0] = true);
      new LoopDriver(loop).until(() -> closed[0], () -> "close");
    }
  }

  @Test
  void onlyStripesThatAreThereTakePart() throws Exception {
    Path image = directory.resolve("image");
    Files.write(image, new byte[SIZE]);
    file(RawFileOptions.DEFAULT).close();
    try (ReactorGroup group = ReactorGroup.start(ReactorOptions.of(1))) {
      VirtualDisk disk =
          VirtualDisk.builder()
              .file(directory.resolve("disk"))
              .lazyFrom(image, directory.resolve("metadata"))
              .newStripeSize(32768)
              .reactors(group)
              .build();
      with(
          disk,
          rig -> {
            assertFalse(rig.fixed.readFixed(0, BUFFER, 512, TAG));
            assertFalse(rig.fixed.writeFixed(0, BUFFER, 512, 0, TAG));
            assertEquals(Status.OK, rig.await(rig.channel.prefetch(0, 65536, TAG)));
            long fetched = disk.fetchProgress().orElseThrow().fetched();
            rig.driver.until(
                () -> disk.fetchProgress().orElseThrow().fetched() >= 2,
                () -> "two stripes after " + fetched);
            assertEquals(Status.OK, rig.write(0, 32768, 0));
            assertEquals(Status.OK, rig.read(512, 64512));
            assertFalse(rig.fixed.readFixed(32768, BUFFER, 65536, TAG));
          });
    }
  }
}
