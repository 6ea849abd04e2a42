package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.DeviceRig;
import io.ubiblk.testkit.ModelBlockDevice;
import io.ubiblk.testkit.Patterns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encryption on the hot path: several threads, no allocation, memory of other processes. */
class XtsOnReactorsTest implements XtsRig {

  private static final int REQUESTS = 20_000;

  @TempDir Path directory;

  @Test
  void twoReactorsDoNotDisturbEachOther() throws Exception {
    long half = 4 << 20;
    try (XtsKey key = Vectors.key(Vectors.KEY);
        BlockDevice device = new XtsBlockDevice(new MemoryDevice(2 * half), key)) {
      List<FutureTask<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        long from = i * half;
        FutureTask<Void> task = new FutureTask<>(() -> writeAndRead(device, from, half), null);
        tasks.add(task);
        Thread.ofPlatform().start(task);
      }
      for (FutureTask<Void> task : tasks) {
        task.get();
      }
    }
  }

  private void writeAndRead(BlockDevice device, long from, long length) {
    try (EventLoop loop = newLoop();
        Arena arena = Arena.ofConfined();
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      MemorySegment memory = arena.allocate(64 * 1024);
      for (int generation = 1; generation <= 5; generation++) {
        for (long at = from; at < from + length; at += memory.byteSize()) {
          Patterns.fill(memory, 0, memory.byteSize(), at, generation);
          assertEquals(Status.OK, channel.write(at, memory));
        }
        for (long at = from; at < from + length; at += memory.byteSize()) {
          assertEquals(Status.OK, channel.read(at, memory));
          Patterns.verify(memory, 0, memory.byteSize(), at, generation);
        }
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void requestsInSteadyStateAllocateNothing() throws Exception {
    try (EventLoop loop = newLoop();
        Arena arena = Arena.ofConfined();
        XtsKey key = Vectors.key(Vectors.KEY);
        BlockDevice device = new XtsBlockDevice(new NullDevice(1 << 20), key)) {
      int[] done = new int[1];
      BlockChannel channel =
          device.openChannel(
              loop,
              32,
              (_, status) -> {
                assertEquals(Status.OK, status);
                done[0]++;
              });
      ScatterList list = ScatterList.of(arena.allocate(8192));
      run(loop, channel, list, done);
      run(loop, channel, list, done);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      run(loop, channel, list, done);
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(bytes < REQUESTS, bytes + " bytes for " + REQUESTS + " requests");
      boolean[] closed = new boolean[1];
      channel.close(() -> closed[0] = true);
      while (!closed[0]) {
        loop.turn();
      }
    }
  }

  private static void run(EventLoop loop, BlockChannel channel, ScatterList list, int[] done) {
    done[0] = 0;
    for (int issued = 0; issued < REQUESTS; ) {
      for (int i = 0; i < 32 && issued < REQUESTS; i++, issued++) {
        long offset = issued % 64 * 8192L;
        boolean accepted =
            switch (issued % 4) {
              case 0, 1 -> channel.read(offset, list, issued);
              case 2 -> channel.write(offset, list, IoFlags.NONE, issued);
              default -> channel.writeZeroes(offset, 8192, IoFlags.NONE, issued);
            };
        assertTrue(accepted);
      }
      channel.submit();
      while (done[0] < issued) {
        loop.turn();
      }
    }
  }

  @Test
  void memoryThatVanishesFailsTheRequestAndNothingElse() throws Exception {
    Path file = directory.resolve("memory");
    try (FileChannel shared =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Arena arena = Arena.ofShared();
        DeviceRig rig = rig(new ModelBlockDevice(1 << 20))) {
      MemorySegment memory = shared.map(MapMode.READ_WRITE, 0, 64 * 1024, arena);
      ChannelDriver channel = rig.channel(2);
      rig.fill(channel, 0, 65536, 1);
      shared.truncate(8192);
      assertEquals(Status.EFAULT, channel.write(0, memory));
      rig.expect(channel, 0, 65536, 1);
      rig.fill(channel, 0, 65536, 2);
      rig.expect(channel, 0, 65536, 2);
    }
  }

  @Test
  void memoryThatVanishesBeforeDecryptionIsNoticed() throws Exception {
    Path file = directory.resolve("memory");
    try (FileChannel shared =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Arena arena = Arena.ofShared();
        XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      MemorySegment memory = shared.map(MapMode.READ_WRITE, 0, 64 * 1024, arena);
      ScatterCursor source = new ScatterCursor();
      ScatterCursor target = new ScatterCursor();
      source.reset(ScatterList.of(memory));
      target.reset(ScatterList.of(memory));
      assertTrue(cipher.decrypt(0, source, target, memory.byteSize()));
      shared.truncate(8192);
      source.reset(ScatterList.of(memory));
      target.reset(ScatterList.of(memory));
      assertFalse(cipher.decrypt(0, source, target, memory.byteSize()));
    }
  }
}
