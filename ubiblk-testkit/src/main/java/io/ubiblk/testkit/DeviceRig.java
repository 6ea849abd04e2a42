package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What one test works with: a loop, a device, channels and memory, all taken down in order at the
 * end. Memory that may still be in use because a channel did not close is not freed.
 *
 * <pre>{@code
 * try (DeviceRig rig = DeviceRig.open(this)) {
 *   ChannelDriver channel = rig.channel(8);
 *   rig.fill(channel, 0, 4096, 1);
 *   rig.expect(channel, 0, 4096, 1);
 * }
 * }</pre>
 *
 * <p><b>Thread.</b> Confined to the thread that opened it.
 */
public final class DeviceRig implements AutoCloseable {

  private static final int CHUNK = 64 * 1024;

  private final BlockDeviceFixture fixture;
  private final LoopDriver driver;
  private final BlockDevice device;
  private final Arena arena = Arena.ofShared();
  private final List<ChannelDriver> channels = new ArrayList<>();
  private final MemorySegment scratch;

  private DeviceRig(BlockDeviceFixture fixture, LoopDriver driver, BlockDevice device) {
    this.fixture = fixture;
    this.driver = driver;
    this.device = device;
    this.scratch = arena.allocate(CHUNK, 4096);
  }

  /**
   * Opens a rig around a fresh device.
   *
   * @param fixture makes the loop and the device
   * @return the rig
   * @throws Exception if either cannot be made
   */
  public static DeviceRig open(BlockDeviceFixture fixture) throws Exception {
    LoopDriver driver = LoopDriver.open(fixture);
    try {
      DeviceRig rig = new DeviceRig(fixture, driver, fixture.newDevice(fixture.testSize()));
      Geometry geometry = rig.geometry();
      if (geometry.size() < 64L * geometry.logicalBlockSize()) {
        throw new AssertionError("the contract needs 64 blocks, see testSize(): " + geometry);
      }
      return rig;
    } catch (Exception | AssertionError e) {
      driver.loop().close();
      throw e;
    }
  }

  /**
   * Opens a rig around a device that is there.
   *
   * @param fixture makes the loop, and says what the device is like
   * @param device the device, closed with the rig
   * @return the rig
   * @throws Exception if the loop cannot be made
   */
  public static DeviceRig around(BlockDeviceFixture fixture, BlockDevice device) throws Exception {
    return new DeviceRig(fixture, LoopDriver.open(fixture), device);
  }

  /** {@return what drives the loop} */
  public LoopDriver driver() {
    return driver;
  }

  /** {@return the device} */
  public BlockDevice device() {
    return device;
  }

  /** {@return the device's geometry at this time} */
  public Geometry geometry() {
    return device.geometry();
  }

  /** {@return the logical block size in bytes} */
  public int block() {
    return geometry().logicalBlockSize();
  }

  /** {@return the size of the device in bytes} */
  public long size() {
    return geometry().size();
  }

  /**
   * Returns whether the device offers something.
   *
   * @param capability what
   * @return whether it is among the device's capabilities
   */
  public boolean can(Capability capability) {
    return device.capabilities().contains(capability);
  }

  /**
   * {@return the largest multiple of the block size that is allowed in one transfer, up to 64 KiB}
   */
  public int transfer() {
    long most = Math.min(CHUNK, Math.min(geometry().maxTransfer(), size()));
    return (int) Math.max(block(), most - most % block());
  }

  /**
   * Allocates memory that lives as long as the rig.
   *
   * @param bytes its size in bytes
   * @return zeroed native memory, aligned to 4096 bytes
   */
  public MemorySegment memory(long bytes) {
    return arena.allocate(bytes, 4096);
  }

  /**
   * Allocates memory for several requests of one block each.
   *
   * @param count number of requests
   * @return a list of one block for each
   */
  public List<ScatterList> blocks(int count) {
    MemorySegment all = memory((long) count * block());
    List<ScatterList> lists = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      lists.add(ScatterList.of(all.asSlice((long) i * block(), block())));
    }
    return lists;
  }

  /**
   * Allocates memory with guards that lives as long as the rig.
   *
   * @param capacity largest request in bytes
   * @return the memory
   */
  public GuardedBuffer guarded(int capacity) {
    return new GuardedBuffer(arena, capacity);
  }

  /**
   * Opens a channel that is closed with the rig.
   *
   * @param depth the channel's depth
   * @return the channel
   * @throws IOException if the device does not open one
   */
  public ChannelDriver channel(int depth) throws IOException {
    ChannelDriver channel = ChannelDriver.open(device, driver, depth);
    channels.add(channel);
    return channel;
  }

  /** {@return where to allocate memory that lives as long as the rig} */
  public Arena arena() {
    return arena;
  }

  /**
   * Returns what a fresh device holds.
   *
   * @param offset position on the device in bytes
   * @param length number of bytes
   * @return the content
   */
  public byte[] base(long offset, int length) {
    byte[] bytes = new byte[length];
    fixture.baseContent(offset, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /**
   * Writes the {@linkplain Patterns pattern} and waits.
   *
   * @param channel the channel to write through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   * @param generation the pattern's generation
   */
  public void fill(ChannelDriver channel, long offset, long length, long generation) {
    for (long done = 0; done < length; ) {
      long part = Math.min(length - done, transfer(scratch));
      Patterns.fill(scratch, 0, part, offset + done, generation);
      int status = channel.write(offset + done, scratch.asSlice(0, part));
      assertEquals(Status.OK, status, "write of %d bytes at %d".formatted(part, offset + done));
      done += part;
    }
  }

  /**
   * Reads, waits, and demands that the {@linkplain Patterns pattern} is there.
   *
   * @param channel the channel to read through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   * @param generation the pattern's generation
   */
  public void expect(ChannelDriver channel, long offset, long length, long generation) {
    forEachPart(
        channel,
        offset,
        length,
        (position, content) ->
            Patterns.verify(content, 0, content.byteSize(), position, generation));
  }

  /**
   * Reads, waits, and demands that the base content is there.
   *
   * @param channel the channel to read through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   */
  public void expectBase(ChannelDriver channel, long offset, long length) {
    forEachPart(
        channel,
        offset,
        length,
        (position, content) -> {
          byte[] base = base(position, (int) content.byteSize());
          long at = MemorySegment.ofArray(base).mismatch(content);
          assertEquals(-1, at, "byte " + at + " after " + position + " is not the base content");
        });
  }

  /**
   * Reads, waits, and demands what a device holds where it has grown.
   *
   * @param channel the channel to read through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   */
  public void expectGrown(ChannelDriver channel, long offset, long length) {
    forEachPart(
        channel,
        offset,
        length,
        (position, content) -> {
          byte[] grown = new byte[(int) content.byteSize()];
          fixture.grownContent(position, MemorySegment.ofArray(grown));
          long at = MemorySegment.ofArray(grown).mismatch(content);
          if (at >= 0) {
            throw new AssertionError(
                "position %d: expected what a grown device holds, found %s"
                    .formatted(position + at, Patterns.describe(content, at / 512 * 512)));
          }
        });
  }

  /**
   * Reads, waits, and demands zeros.
   *
   * @param channel the channel to read through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   */
  public void expectZeros(ChannelDriver channel, long offset, long length) {
    forEachPart(
        channel,
        offset,
        length,
        (position, content) -> {
          for (long at = 0; at < content.byteSize(); at += Geometry.SECTOR) {
            if (!Patterns.isZero(content, at, Geometry.SECTOR)) {
              throw new AssertionError(
                  "position %d: expected zeros, found %s"
                      .formatted(position + at, Patterns.describe(content, at)));
            }
          }
        });
  }

  /** Receives content, part by part. */
  @FunctionalInterface
  public interface ContentVisitor {

    /**
     * Receives a part.
     *
     * @param position position on the device in bytes
     * @param content what was read; valid only during the call
     */
    void part(long position, MemorySegment content);
  }

  /**
   * Reads a range of any length and shows it.
   *
   * @param channel the channel to read through
   * @param offset position on the device in bytes
   * @param length number of bytes, cut into transfers as needed
   * @param visitor receives the parts in order
   */
  public void forEachPart(ChannelDriver channel, long offset, long length, ContentVisitor visitor) {
    for (long done = 0; done < length; ) {
      MemorySegment part = scratch.asSlice(0, Math.min(length - done, transfer(scratch)));
      int status = channel.read(offset + done, part);
      assertEquals(
          Status.OK, status, "read of %d bytes at %d".formatted(part.byteSize(), offset + done));
      visitor.part(offset + done, part);
      done += part.byteSize();
    }
  }

  private long transfer(MemorySegment buffer) {
    return Math.min(buffer.byteSize(), transfer());
  }

  /**
   * Closes the channels, the device and the loop. What a channel that does not close still uses is
   * left as it is.
   *
   * @throws IOException if closing the device fails
   * @throws AssertionError if one of them does not close, or has broken a rule
   */
  @Override
  public void close() throws IOException {
    AssertionError broken = null;
    for (ChannelDriver channel : channels) {
      try {
        channel.close();
      } catch (AssertionError e) {
        broken = broken == null ? e : broken;
      }
    }
    boolean quiet = channels.stream().allMatch(ChannelDriver::isClosed);
    if (quiet) {
      try {
        driver.run(device::close);
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError("closing " + device + " was interrupted", e);
      } finally {
        arena.close();
        driver.loop().close();
      }
    }
    if (broken != null) {
      throw broken;
    }
  }
}
