package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.Loops;
import io.ubiblk.core.metadata.MetadataCodec;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.CrashingBlockDevice;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.FaultySource;
import io.ubiblk.testkit.LoopDriver;
import io.ubiblk.testkit.ModelOptions;
import io.ubiblk.testkit.PatternSource;
import io.ubiblk.testkit.Patterns;
import io.ubiblk.testkit.RecordingBlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A lazy disk with a probe at every side of it: what it asks of its devices is recorded, and they
 * and the source fail and hold requests up at will.
 */
final class LazyStack implements AutoCloseable {

  static final int STRIPE = 4096;
  private static final int SHIFT = 3;

  final PatternSource image;
  final CrashingBlockDevice dataDisk;
  final CrashingBlockDevice metadataDisk;
  final RecordingBlockDevice dataLog;
  final RecordingBlockDevice metadataLog;
  final FaultyBlockDevice data;
  final FaultyBlockDevice metadata;
  final FaultySource source;
  final LazyDevice lazy;
  final LoopDriver driver;
  private final BlockDevice disk;
  private final Arena arena = Arena.ofShared();
  private final List<ChannelDriver> channels = new ArrayList<>();

  private LazyStack(
      long size,
      PatternSource image,
      LazyOptions options,
      LoopDriver driver,
      Reactor home,
      @Nullable Simulation world)
      throws IOException {
    this.image = image;
    this.driver = driver;
    this.dataDisk = new CrashingBlockDevice(size);
    byte[] headers = new byte[(int) MetadataLayout.stripes(size, SHIFT)];
    for (int stripe = 0; stripe < headers.length; stripe++) {
      headers[stripe] = (byte) (image.contains(stripe, STRIPE) ? StripeHeader.HAS_SOURCE : 0);
    }
    byte[] file = MetadataCodec.encode(StripeMetadata.of(SHIFT, headers));
    this.metadataDisk = new CrashingBlockDevice(ModelOptions.of(file.length));
    metadataDisk.poke(0, file);
    this.dataLog = new RecordingBlockDevice(dataDisk);
    this.metadataLog = new RecordingBlockDevice(metadataDisk);
    this.data = new FaultyBlockDevice(dataLog, 1);
    this.metadata = new FaultyBlockDevice(metadataLog, 1);
    this.source = new FaultySource(image.withParallelism(image.parallelism()), STRIPE, 1);
    StripeSource used = options.copyOnRead() ? source : new ImageSource(image);
    this.lazy = LazyDevice.assemble(data, metadata, durableMetadata(), used, home, options);
    this.disk = world == null ? lazy : new SimulatedDisk(lazy, world);
  }

  /** A disk on threads, where the source may be held up. */
  static LazyStack onThreads(long size, PatternSource image, LazyOptions options)
      throws IOException {
    LoopDriver driver = new LoopDriver(Loops.ring());
    return new LazyStack(size, image, options, driver, Homes.ring(), null);
  }

  /** A disk in virtual time. */
  static LazyStack simulated(long size, PatternSource image, LazyOptions options)
      throws IOException {
    Simulation world = new Simulation(7);
    EventLoop loop = world.newReactor();
    return new LazyStack(size, image, options, new LoopDriver(loop), world.newReactor(), world);
  }

  ChannelDriver channel(int depth) throws IOException {
    ChannelDriver channel = ChannelDriver.open(disk, driver, depth);
    channels.add(channel);
    return channel;
  }

  MemorySegment memory(long bytes) {
    return arena.allocate(bytes, 4096);
  }

  /** Memory with a pattern that is not the image's. */
  MemorySegment pattern(long offset, long length, long generation) {
    MemorySegment memory = memory(length);
    Patterns.fill(memory, 0, length, offset, generation);
    return memory;
  }

  /** Demands that a range reads as the image does. */
  void expectImage(ChannelDriver channel, long offset, long length) {
    MemorySegment memory = memory(length);
    assertEquals(Status.OK, channel.read(offset, memory));
    image.verifyDisk(offset, memory, STRIPE);
  }

  /** What a power cut that drops all it can would leave of the metadata. */
  StripeMetadata durableMetadata() throws IOException {
    int size = (int) metadataDisk.geometry().size();
    return MetadataCodec.decode("durable", ByteBuffer.wrap(metadataDisk.peekDurable(0, size)));
  }

  int durableHeader(int stripe) throws IOException {
    return durableMetadata().header(stripe);
  }

  /** Waits until stripes are durable on the disk. */
  void awaitFetched(long stripes) {
    driver.until(() -> lazy.progress().fetched() >= stripes, () -> stripes + " stripes");
  }

  /** What the data disk durably holds of a stripe. */
  void expectDurableImage(int stripe) {
    long start = (long) stripe * STRIPE;
    byte[] bytes = dataDisk.peekDurable(start, STRIPE);
    image.verifyDisk(start, MemorySegment.ofArray(bytes), STRIPE);
  }

  static byte[] bytes(MemorySegment memory) {
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  @Override
  public void close() throws IOException {
    source.release();
    data.clear();
    metadata.clear();
    data.release();
    metadata.release();
    channels.forEach(ChannelDriver::close);
    if (disk == lazy) {
      closeOnThread();
    } else {
      disk.close();
    }
    driver.loop().close();
    arena.close();
  }

  private void closeOnThread() throws IOException {
    try {
      driver.run(disk::close);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("closing " + disk + " was interrupted", e);
    }
  }
}
