package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of sectors on storage whose blocks are larger. */
class BlockGateTest {

  private static final int SIZE = 1 << 16;
  private static final int CHANGES = 500;

  @TempDir Path directory;
  private boolean stalled;

  private long outcome(boolean write, long offset, long length) {
    // The kernel takes nothing for now from the first block, if the test says so.
    return stalled && offset < 4096 ? ScriptedPort.Script.LATER : length;
  }

  private RawFileDevice open() throws Exception {
    Path path = directory.resolve("disk");
    RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT).close();
    RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
    return RawFileDevice.open(path, direct, new FileAlignment(4096, 4096));
  }

  private static MemorySegment sector(int value) {
    return Arena.ofAuto().allocate(512, 512).fill((byte) value);
  }

  @Test
  void noChangeOfASectorIsLostToOneOfItsNeighbour() throws Exception {
    byte[] expected = new byte[SIZE];
    try (ScriptedReactor loop = ScriptedReactor.ring(this::outcome);
        RawFileDevice device = open();
        ChannelDriver one = ChannelDriver.open(device, loop, 32);
        ChannelDriver two = ChannelDriver.open(device, loop, 32)) {
      for (int round = 1; round <= 50; round++) {
        for (int i = 0; i < 32; i++) {
          ChannelDriver channel = i % 2 == 0 ? one : two;
          channel.issue(IoRequest.write(i * 512L, sector(round + i)));
          java.util.Arrays.fill(expected, i * 512, (i + 1) * 512, (byte) (round + i));
        }
        one.awaitAll();
        two.awaitAll();
      }
      assertEquals(Status.OK, one.writeZeroes(512, 1024, 0));
      java.util.Arrays.fill(expected, 512, 1536, (byte) 0);
    }
    assertArrayEquals(expected, Files.readAllBytes(directory.resolve("disk")));
  }

  @Test
  void twoThreadsThatChangeTheSameBlocksGetEveryChangeDoneOnce() throws Exception {
    try (RawFileDevice device = open()) {
      FutureTask<Boolean> other = new FutureTask<>(() -> changeSectors(device, 1));
      Thread.ofPlatform().start(other);
      assertTrue(changeSectors(device, 0));
      assertTrue(other.get());
    }
    byte[] content = Files.readAllBytes(directory.resolve("disk"));
    for (int i = 0; i < 16; i++) {
      assertEquals((byte) (CHANGES + i), content[i * 512], "sector " + i);
    }
  }

  /** Changes every other sector of two blocks again and again. */
  private static boolean changeSectors(RawFileDevice device, int first) throws Exception {
    try (EventLoop loop = Loops.ring();
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      for (int round = 1; round <= CHANGES; round++) {
        for (int i = first; i < 16; i += 2) {
          channel.issue(IoRequest.write(i * 512L, sector(round + i)));
        }
        for (IoRequest request : channel.requestsInFlight()) {
          assertEquals(Status.OK, channel.await(request));
        }
      }
      return true;
    }
  }

  @Test
  void wholeBlocksPassWithoutALock() throws Exception {
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    try (EventLoop loop = Loops.ring();
        RawFileDevice device = open();
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      Thread holder =
          Thread.ofPlatform()
              .start(
                  () -> {
                    synchronized (device.gate()) {
                      locked.countDown();
                      // Too long to wait for: the test fails by then.
                      boolean _ = await(done);
                    }
                  });
      locked.await();
      try {
        for (int i = 0; i < 100; i++) {
          assertEquals(Status.OK, channel.write(4096, block(i)));
          assertEquals(Status.OK, channel.writeZeroes(8192, 4096, 0));
        }
        assertTrue(holder.isAlive());
      } finally {
        done.countDown();
        holder.join();
      }
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static MemorySegment block(int value) {
    return Arena.ofAuto().allocate(4096, 4096).fill((byte) value);
  }

  @Test
  void aChangeOfAPartWaitsForWholeBlocksThatHavePassed() throws Exception {
    try (ScriptedReactor loop = ScriptedReactor.ring(this::outcome);
        RawFileDevice device = open();
        ChannelDriver one = ChannelDriver.open(device, loop, 8);
        ChannelDriver two = ChannelDriver.open(device, loop, 8)) {
      stalled = true;
      IoRequest whole = one.issue(IoRequest.write(0, block(1)));
      IoRequest part = two.issue(IoRequest.write(512, sector(2)));
      IoRequest after = one.issue(IoRequest.write(0, block(3)));
      assertEquals(Status.OK, one.write(4096, block(4)), "another block while one waits");
      assertFalse(whole.isDone() || part.isDone() || after.isDone());
      stalled = false;
      assertEquals(Status.OK, two.await(part));
      assertTrue(whole.isDone());
      assertEquals(Status.OK, one.await(after));
      assertEquals(Status.OK, one.write(4096, sector(5)));
      byte[] content = Files.readAllBytes(directory.resolve("disk"));
      assertEquals(3, content[512]);
      assertEquals(5, content[4096]);
    }
  }

  @Test
  void wholeBlocksAndPartsOnTwoThreadsLoseNothing() throws Exception {
    try (RawFileDevice device = open()) {
      FutureTask<Boolean> other = new FutureTask<>(() -> changeBlocks(device));
      Thread.ofPlatform().start(other);
      assertTrue(changeSectors(device, 0));
      assertTrue(other.get());
    }
    byte[] content = Files.readAllBytes(directory.resolve("disk"));
    for (int i = 0; i < 16; i += 2) {
      assertEquals((byte) (CHANGES + i), content[i * 512], "sector " + i);
    }
    for (int block = 2; block < 8; block++) {
      assertEquals((byte) CHANGES, content[block * 4096], "block " + block);
      assertEquals((byte) CHANGES, content[block * 4096 + 4095], "block " + block);
    }
  }

  /** Changes blocks as a whole again and again, beside those whose sectors are changed. */
  private static boolean changeBlocks(RawFileDevice device) throws Exception {
    try (EventLoop loop = Loops.ring();
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      for (int round = 1; round <= CHANGES; round++) {
        for (int block = 2; block < 8; block++) {
          channel.issue(IoRequest.write(block * 4096L, block(round)));
        }
        for (IoRequest request : channel.requestsInFlight()) {
          assertEquals(Status.OK, channel.await(request));
        }
      }
      return true;
    }
  }

  @Test
  void otherBlocksNeedNotWait() throws Exception {
    try (ScriptedReactor loop = ScriptedReactor.ring(this::outcome);
        RawFileDevice device = open();
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      stalled = true;
      IoRequest first = channel.issue(IoRequest.write(0, sector(1)));
      IoRequest same = channel.issue(IoRequest.write(512, sector(2)));
      assertEquals(Status.OK, channel.write(4096, sector(3)));
      assertFalse(first.isDone() || same.isDone());
      stalled = false;
      assertEquals(Status.OK, channel.await(first));
      assertEquals(Status.OK, channel.await(same));
    }
  }

  @Test
  void aChannelThatClosesTakesBackWhatWaits() throws Exception {
    try (ScriptedReactor loop = ScriptedReactor.ring(this::outcome);
        RawFileDevice device = open();
        ChannelDriver stays = ChannelDriver.open(device, loop, 8)) {
      ChannelDriver leaves = ChannelDriver.open(device, loop, 8);
      stalled = true;
      IoRequest first = stays.issue(IoRequest.write(0, sector(1)));
      IoRequest waits = leaves.issue(IoRequest.write(512, sector(2)));
      IoRequest behind = stays.issue(IoRequest.write(512, sector(3)));
      leaves.close();
      assertEquals(Status.ECANCELED, waits.status());
      assertFalse(first.isDone());
      stalled = false;
      assertEquals(Status.OK, stays.await(first));
      assertEquals(Status.OK, stays.await(behind));
      assertEquals(3, Files.readAllBytes(directory.resolve("disk"))[512]);
    }
  }
}
