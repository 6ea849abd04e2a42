package io.ubiblk.core.blocking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.SeededRandom;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BlockingAccessTest {

  private static final int SIZE = 8 << 20;

  private final ArrayStorage storage =
      new ArrayStorage(Geometry.of(SIZE).withMaxTransfer(64 * 1024));
  private final BlockingDevice device = new BlockingDevice(storage);
  private ReactorGroup group;
  private BlockingAccess access;

  @BeforeEach
  void open() throws Exception {
    group = ReactorGroup.start(ReactorOptions.of(1));
    access = BlockingAccess.open(device, group.next());
  }

  @AfterEach
  void close() throws Exception {
    storage.gate.release(1000);
    access.close();
    access.close();
    device.close();
    group.close();
  }

  @Test
  void whatIsWrittenIsReadWhateverTheMemory() throws Exception {
    SeededRandom random = new SeededRandom(7);
    byte[] bytes = new byte[3 << 20];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextLong();
    }
    access.write(512, bytes);
    assertArrayEquals(bytes, access.read(512, bytes.length));
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      for (Arena arena : List.of(confined, shared)) {
        MemorySegment memory = arena.allocate(bytes.length);
        access.read(512, memory);
        assertArrayEquals(bytes, memory.toArray(ValueLayout.JAVA_BYTE));
        access.write(4 << 20, memory, IoFlags.FUA);
        assertArrayEquals(bytes, access.read(4 << 20, bytes.length));
      }
    }
    assertEquals(SIZE, access.size());
  }

  @Test
  void everyOperationReachesTheDevice() throws Exception {
    access.write(0, filled(4096));
    access.writeZeroes(512, 512, 0);
    assertEquals(0, access.read(512, 512)[0]);
    assertEquals(9, access.read(1024, 512)[0]);
    access.discard(0, 4096);
    access.prefetch(0, 4096);
    access.flush();
    assertEquals(1, storage.flushes.get());
  }

  @Test
  void memoryIsWrittenWithoutFlags() throws Exception {
    access.write(4096, MemorySegment.ofArray(filled(512)));
    assertArrayEquals(filled(512), access.read(4096, 512));
  }

  @Test
  void emptyTransferOutsideTheDeviceIsRefused() throws Exception {
    access.read(SIZE, 0);
    assertThrows(BlockDeviceException.Io.class, () -> access.read(SIZE + 512L, 0));
    assertThrows(BlockDeviceException.Io.class, () -> access.write(-512, new byte[0]));
    try (Arena arena = Arena.ofShared()) {
      MemorySegment nothing = arena.allocate(0);
      access.read(0, nothing);
      assertThrows(BlockDeviceException.Io.class, () -> access.read(1, nothing));
    }
  }

  @Test
  void deviceThatThrowsFailsTheCallAndNoOther() throws Exception {
    BlockDevice throwing =
        new ForwardingBlockDevice(device) {
          @Override
          public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
              throws IOException {
            return new ForwardingBlockChannel(delegate().openChannel(reactor, depth, completions)) {
              @Override
              public boolean discard(long offset, long length, long tag) {
                throw new IllegalStateException("on purpose");
              }
            };
          }
        };
    try (BlockingAccess throwingAccess = BlockingAccess.open(throwing, group.next())) {
      for (int i = 0; i < 100; i++) {
        assertThrows(IllegalStateException.class, () -> throwingAccess.discard(0, 512));
      }
      throwingAccess.write(0, filled(512));
    }
  }

  @Test
  @Timeout(60)
  void closingAgainWaitsForTheFirstClosing() throws Exception {
    storage.gate.drainPermits();
    Thread writer =
        Thread.ofVirtual().start(() -> assertDoesNotThrow(() -> access.write(0, new byte[512])));
    while (!storage.gate.hasQueuedThreads()) {
      Thread.sleep(1);
    }
    List<Thread> closers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      closers.add(Thread.ofVirtual().start(() -> assertDoesNotThrow(access::close)));
    }
    for (Thread closer : closers) {
      assertFalse(closer.join(java.time.Duration.ofMillis(50)), "the write is still under way");
    }
    storage.gate.release(1000);
    for (Thread closer : closers) {
      closer.join();
    }
    writer.join();
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) 9);
    return bytes;
  }

  @Test
  void failuresSayWhatAndWhere() {
    storage.fault = new BlockDeviceException.Io("full", Status.ENOSPC);
    BlockDeviceException.Io e =
        assertThrows(BlockDeviceException.Io.class, () -> access.write(512, new byte[512]));
    assertEquals(Status.ENOSPC, e.errno());
    assertTrue(e.toString().contains("WRITE of 512 bytes at 512"), e.getMessage());
    assertTrue(e.toString().contains("BlockingDevice(ArrayStorage): ENOSPC"), e.getMessage());
    storage.fault = null;
    assertEquals(
        Status.EINVAL,
        assertThrows(BlockDeviceException.Io.class, () -> access.read(SIZE, 512)).errno());
  }

  @Test
  void memoryThatMayNotBeWrittenIsNotReadInto() {
    MemorySegment memory = Arena.ofAuto().allocate(512).asReadOnly();
    assertThrows(IllegalArgumentException.class, () -> access.read(0, memory));
  }

  @Test
  void manyThreadsAtOnceAreServedEach() throws Exception {
    List<Thread> threads = new ArrayList<>();
    AtomicInteger right = new AtomicInteger();
    for (int t = 0; t < 200; t++) {
      int block = t;
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    byte[] bytes = filled(4096);
                    bytes[0] = (byte) block;
                    try {
                      access.write(block * 4096L, bytes);
                      if (java.util.Arrays.equals(bytes, access.read(block * 4096L, 4096))) {
                        right.incrementAndGet();
                      }
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(200, right.get());
  }

  @Test
  void closingRefusesWhoeverStillWaits() throws Exception {
    storage.gate.drainPermits();
    List<FutureTask<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      FutureTask<Boolean> call =
          new FutureTask<>(
              () -> {
                try {
                  access.write(0, new byte[512]);
                  return true;
                } catch (BlockDeviceException.Closed e) {
                  return false;
                }
              });
      calls.add(call);
      Thread.ofVirtual().start(call);
    }
    Thread.sleep(100);
    FutureTask<Boolean> closing =
        new FutureTask<>(
            () -> {
              access.close();
              return true;
            });
    Thread.ofVirtual().start(closing);
    Thread.sleep(20);
    storage.gate.release(1000);
    assertTrue(closing.get());
    int served = 0;
    for (FutureTask<Boolean> call : calls) {
      served += call.get(10, java.util.concurrent.TimeUnit.SECONDS) ? 1 : 0;
    }
    assertTrue(served <= 32, served + " were served");
    assertThrows(BlockDeviceException.Closed.class, () -> access.read(0, 512));
  }

  @Test
  void anInterruptionWaitsForTheRequest() throws Exception {
    storage.gate.drainPermits();
    boolean[] interrupted = new boolean[1];
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    access.write(0, new byte[512]);
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                  interrupted[0] = Thread.currentThread().isInterrupted();
                });
    thread.interrupt();
    assertTrue(!thread.join(java.time.Duration.ofMillis(30)), "the memory is still in use");
    storage.gate.release(1000);
    thread.join();
    assertTrue(interrupted[0]);
  }
}
