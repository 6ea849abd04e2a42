package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.metadata.MetadataCodec;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.testkit.BlockDeviceFixture;
import io.ubiblk.testkit.CrashingBlockDevice;
import io.ubiblk.testkit.ModelOptions;
import io.ubiblk.testkit.PatternSource;
import io.ubiblk.testkit.PowerCuts;
import io.ubiblk.testkit.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A lazy disk over two disks that lose power, in a simulation. Everything follows from a seed: the
 * shape of the disk and its image, how it is filled, what is done with it, and when the power goes.
 */
final class PowerCutWorld implements BlockDeviceFixture {

  /** Which flushes do nothing. */
  enum Swallow {
    NONE,
    /** Those of the data device before header bits are written. */
    DATA_BEFORE_HEADERS,
    /** Those of the metadata device. */
    HEADERS,
    /** Those that the disk's user asks for. */
    OF_THE_USER
  }

  private final Simulation world;
  private final EventLoop home;
  private final SeededRandom random;
  private final Swallow swallow;
  private final int shift;
  private final int block;
  private final long size;
  private final PatternSource content;
  private final LazyOptions options;
  private final ModelOptions.Discards discards;

  PowerCutWorld(SeededRandom random, Swallow swallow) {
    this.random = random;
    this.swallow = swallow;
    this.world = new Simulation(random.nextLong());
    this.home = world.newReactor();
    // Either a few stripes of some sectors, or so many of one sector that they need two groups.
    this.shift = random.chance(0.2) ? 0 : random.between(1, 4);
    this.block = shift >= 3 && random.chance(0.4) ? 4096 : Geometry.SECTOR;
    int blocks = shift == 0 ? 600 : random.between(33, 96) * Geometry.SECTOR / block;
    this.size = (long) blocks * block;
    long image = (long) block * random.between(1, blocks);
    this.content = new PatternSource(random.nextLong(), image);
    List<ModelOptions.Discards> choices = List.of(ModelOptions.Discards.values());
    this.discards = choices.get(random.below(choices.size()));
    this.options =
        LazyOptions.DEFAULT
            .withCopyOnRead(random.chance(0.6))
            .withAutofetch(random.chance(0.4))
            .withTrackWritten(random.chance(0.5))
            .withFetchMemory((long) MetadataLayout.stripeSize(shift) * random.between(1, 20));
  }

  /** Cuts the power a number of times. */
  void run(int cuts) throws Exception {
    long metadataSize = MetadataLayout.fileSize(MetadataLayout.stripes(size, shift));
    List<ModelOptions> disks =
        List.of(
            ModelOptions.of(size)
                .withGeometry(Geometry.of(size).withBlockSizes(block, block))
                .withDiscards(discards),
            // Told apart from the data by its size.
            ModelOptions.of(metadataSize + Geometry.SECTOR));
    try (PowerCuts power = new PowerCuts(this, this::open)) {
      power.formattedBy(this::format).run(cuts, disks, random);
    }
  }

  private void format(CrashingBlockDevice disk) {
    if (disk.geometry().size() != size) {
      byte[] headers = new byte[(int) MetadataLayout.stripes(size, shift)];
      for (int stripe = 0; stripe < headers.length; stripe++) {
        boolean present = content.contains(stripe, MetadataLayout.stripeSize(shift));
        headers[stripe] = (byte) (present ? StripeHeader.HAS_SOURCE : 0);
      }
      disk.poke(0, MetadataCodec.encode(StripeMetadata.of(shift, headers)));
    }
  }

  private BlockDevice open(List<CrashingBlockDevice> disks) throws Exception {
    CrashingBlockDevice data = disks.get(0);
    CrashingBlockDevice headers = disks.get(1);
    byte[] file = headers.peek(0, (int) headers.geometry().size());
    StripeMetadata loaded = MetadataCodec.decode("after a power cut", ByteBuffer.wrap(file));
    checkHeaders(data, loaded);
    LazyDevice lazy =
        LazyDevice.assemble(
            switch (swallow) {
              case DATA_BEFORE_HEADERS -> new FlushSwallower(data, home, true);
              case OF_THE_USER -> new FlushSwallower(data, home, false);
              case NONE, HEADERS -> data;
            },
            swallow == Swallow.HEADERS ? new FlushSwallower(headers, home, true) : headers,
            loaded,
            new ImageSource(content.withParallelism(random.between(1, 8))),
            home,
            options);
    return new SimulatedDisk(lazy, world);
  }

  /** Demands that a stripe that is on the disk and not marked as written holds the image. */
  private void checkHeaders(CrashingBlockDevice data, StripeMetadata loaded) {
    int stripeSize = loaded.stripeSize();
    for (int stripe = 0; stripe < loaded.stripes() && options.trackWritten(); stripe++) {
      int header = loaded.header(stripe);
      if (StripeHeader.isReady(header) && !StripeHeader.isWritten(header)) {
        long start = (long) stripe * stripeSize;
        byte[] expected = new byte[(int) Math.min(stripeSize, size - start)];
        content.fill(start, MemorySegment.ofArray(expected));
        if (!Arrays.equals(expected, data.peek(start, expected.length))) {
          throw new AssertionError(
              "stripe %d has header %#x and holds something else than the image"
                  .formatted(stripe, header));
        }
      }
    }
  }

  @Override
  public EventLoop newLoop() {
    return world.newReactor();
  }

  @Override
  public BlockDevice newDevice(long bytes) {
    throw new UnsupportedOperationException("disks are put together by the power cuts");
  }

  @Override
  public void baseContent(long offset, MemorySegment dst) {
    content.fill(offset, dst);
  }

  @Override
  public boolean multiThreaded() {
    return false;
  }
}
