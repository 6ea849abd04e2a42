package io.ubiblk.core.blocking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockingDeviceTest {

  private final ArrayStorage storage = new ArrayStorage(1 << 20);
  private final BlockingDevice device = new BlockingDevice(storage);
  private final MemorySegment memory = Arena.ofAuto().allocate(4096);
  private EventLoop loop;
  private ChannelDriver channel;

  @BeforeEach
  void open() throws Exception {
    loop = Loops.ring();
    channel = ChannelDriver.open(device, loop, 4);
  }

  @AfterEach
  void close() throws Exception {
    channel.close();
    device.close();
    loop.close();
    assertEquals(1, storage.closes.get());
  }

  @Test
  void aFailureIsItsErrnoOrEio() {
    storage.fault = new BlockDeviceException.Io("full", Status.ENOSPC);
    assertEquals(Status.ENOSPC, channel.write(0, memory));
    storage.fault = new IOException("no errno");
    assertEquals(Status.EIO, channel.read(0, memory));
    storage.fault = new IllegalStateException("a bug");
    assertEquals(Status.EIO, channel.flush());
    storage.fault = new BlockDeviceException.Io("not a failure?", 0);
    assertEquals(Status.EIO, channel.writeZeroes(0, 4096, 0));
    storage.fault = null;
    assertEquals(Status.OK, channel.write(0, memory));
  }

  @Test
  void forcedUnitAccessIsAFlushAfterwards() {
    assertEquals(Status.OK, channel.write(0, memory));
    assertEquals(0, storage.flushes.get());
    assertEquals(Status.OK, channel.write(0, memory, IoFlags.FUA));
    assertEquals(Status.OK, channel.writeZeroes(0, 4096, IoFlags.FUA));
    assertEquals(2, storage.flushes.get());
  }

  @Test
  void memoryInPiecesIsPutTogether() {
    memory.asSlice(0, 1024).fill((byte) 1);
    memory.asSlice(2048, 1024).fill((byte) 2);
    ScatterList list = new ScatterList();
    list.add(memory, 0, 1024);
    list.add(memory, 2048, 1024);
    assertEquals(Status.OK, channel.run(IoRequest.write(512, list, 0)));
    assertEquals(Status.OK, channel.read(0, memory));
    assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 511));
    assertEquals(1, memory.get(ValueLayout.JAVA_BYTE, 1535));
    assertEquals(2, memory.get(ValueLayout.JAVA_BYTE, 1536));
    assertEquals(2, memory.get(ValueLayout.JAVA_BYTE, 2559));
  }

  @Test
  void memoryOfTheReactorsOwnThreadIsCopied() {
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment own = confined.allocate(4096).fill((byte) 5);
      assertEquals(Status.OK, channel.write(0, own));
      assertEquals(Status.OK, channel.read(0, own.fill((byte) 0)));
      assertEquals(5, own.get(ValueLayout.JAVA_BYTE, 4095));
    }
  }

  @Test
  void onlyTheDepthIsInFlight() throws Exception {
    storage.gate.drainPermits();
    for (int i = 0; i < 4; i++) {
      channel.issue(IoRequest.write(0, memory));
    }
    channel.submit();
    assertEquals(false, channel.offer(IoRequest.write(0, memory)));
    storage.gate.release(1000);
    channel.awaitAll();
  }

  @Test
  void theSizeIsTheStorages() {
    assertThrows(BlockDeviceException.Unsupported.class, () -> device.resize(2 << 20));
    assertThrows(IllegalArgumentException.class, () -> device.resize(512));
    assertEquals("BlockingDevice(ArrayStorage)", device.toString());
  }
}
