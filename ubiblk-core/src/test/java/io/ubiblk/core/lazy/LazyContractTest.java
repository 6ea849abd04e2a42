package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.metadata.MetadataCodec;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.core.source.DeviceSource;
import io.ubiblk.testkit.BlockDeviceContract;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.DecoratorContract;
import io.ubiblk.testkit.DeviceRig;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.IoRequest;
import io.ubiblk.testkit.MemoryBlockDevice;
import io.ubiblk.testkit.ModelBlockDevice;
import io.ubiblk.testkit.ModelOptions;
import io.ubiblk.testkit.PatternSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A lazy disk keeps the contract, however it is filled and wherever the work on it is done. */
class LazyContractTest {

  private static final int SHIFT = 5;
  private static final long SIZE = 256 * 1024;

  /** Ends inside a stripe, and a quarter of the disk before the disk's end. */
  private static final PatternSource IMAGE = new PatternSource(7, SIZE * 3 / 4 + 1536);

  /** Where the metadata ends and the data begins, on a disk that holds both. */
  private static final long METADATA = 64 * 1024;

  private static final LazyOptions OPTIONS = LazyOptions.DEFAULT.withRetries(1, 0);

  @TempDir static Path directory;
  private static final AtomicInteger FILES = new AtomicInteger();

  /** The header bytes of a disk of which nothing, or everything, has been fetched. */
  private static byte[] newHeaders(long size, int ofSource) {
    byte[] headers = new byte[(int) MetadataLayout.stripes(size, SHIFT)];
    for (int stripe = 0; stripe < headers.length; stripe++) {
      boolean present = IMAGE.contains(stripe, MetadataLayout.stripeSize(SHIFT));
      headers[stripe] = (byte) (present ? ofSource : 0);
    }
    return headers;
  }

  /** A lazy disk that has data and metadata on one device. */
  interface OnOneDevice extends DecoratorContract {

    default LazyOptions options() {
      return OPTIONS;
    }

    default Reactor home() {
      return Homes.ring();
    }

    @Override
    default EventLoop newLoop() throws Exception {
      return Loops.ring();
    }

    @Override
    default long testSize() {
      return SIZE;
    }

    @Override
    default long powerCutSize() {
      return SIZE;
    }

    @Override
    default int powerCuts() {
      return 60;
    }

    @Override
    default int randomOperations() {
      return 2_000;
    }

    @Override
    default long innerSize(long size) {
      return METADATA + size;
    }

    @Override
    default boolean resizable() {
      return true;
    }

    @Override
    default void baseContent(long offset, MemorySegment dst) {
      IMAGE.fill(offset, dst);
    }

    @Override
    default void format(MemoryBlockDevice inner) {
      byte[] headers = newHeaders(inner.geometry().size() - METADATA, StripeHeader.HAS_SOURCE);
      inner.poke(0, MetadataCodec.encode(StripeMetadata.of(SHIFT, headers)));
    }

    @Override
    default BlockDevice decorate(BlockDevice inner) throws Exception {
      return LazyDevice.open(
          Partition.rest(inner, METADATA),
          Partition.first(inner, METADATA),
          () -> new PatternSource(7, IMAGE.size()),
          home(),
          options());
    }

    /** Metadata is written in sectors. */
    @Override
    @Test
    default void powerCutsLeaveLargeBlocksWhole() throws Exception {
      long size = innerSize(powerCutSize());
      ModelOptions large =
          ModelOptions.of(size).withGeometry(Geometry.of(size).withBlockSizes(4096, 4096));
      ModelBlockDevice inner = newInner(large);
      try {
        assertThrows(BlockDeviceException.Mismatch.class, () -> decorate(inner));
      } finally {
        inner.close();
      }
    }

    /**
     * Below a request there is work for others, too, which may fail without failing the request. A
     * request that fails says why.
     */
    @Override
    @Test
    default void errorsOfTheDeviceBelowComeOutAsThemselves() throws Exception {
      FaultyBlockDevice faulty =
          new FaultyBlockDevice(newInner(ModelOptions.of(innerSize(testSize()))), 1);
      try (DeviceRig rig = DeviceRig.around(this, decorate(faulty))) {
        ChannelDriver channel = rig.channel(4);
        ScatterList data = ScatterList.of(rig.memory(rig.block()));
        for (int errno : new int[] {Status.EIO, Status.ENOSPC, 71, 4095}) {
          int stripe = 0;
          for (Operation operation : Operation.values()) {
            for (int skip = 0; skip < 6; skip++) {
              long offset = (long) (stripe++ % 16) << (SHIFT + 9);
              faulty.failAfter(skip, errno, 1);
              int status = channel.run(IoRequest.of(operation, offset, data));
              assertTrue(status == Status.OK || status == errno, "status " + status);
              faulty.clear();
              // A flush tells of what went wrong behind the scenes, once.
              int later = channel.flush();
              assertTrue(later == Status.OK || later == errno, "status of a flush " + later);
              assertEquals(Status.OK, channel.run(IoRequest.of(operation, offset, data)));
            }
          }
        }
        rig.fill(channel, 0, rig.size(), 1);
        rig.expect(channel, 0, rig.size(), 1);
      }
    }
  }

  @Nested
  class CopyingOnRead implements OnOneDevice {}

  @Nested
  class CopyingOnReadTracked implements OnOneDevice {
    @Override
    public LazyOptions options() {
      return OPTIONS.withTrackWritten(true);
    }
  }

  @Nested
  class AutofetchingOnEpoll implements OnOneDevice {
    @Override
    public EventLoop newLoop() throws Exception {
      return Loops.epoll();
    }

    @Override
    public Reactor home() {
      return Homes.epoll();
    }

    @Override
    public LazyOptions options() {
      return OPTIONS.withAutofetch(true).withTrackWritten(true);
    }
  }

  /** Reads of what is not on the disk go to an image. */
  @Nested
  class NotCopyingOnRead implements OnOneDevice {
    @Override
    public LazyOptions options() {
      return OPTIONS.withCopyOnRead(false);
    }

    @Override
    public BlockDevice decorate(BlockDevice inner) throws Exception {
      return LazyDevice.open(
          Partition.rest(inner, METADATA),
          Partition.first(inner, METADATA),
          () -> DeviceSource.open(image(), home()),
          home(),
          options());
    }

    private static BlockDevice image() {
      byte[] bytes = new byte[(int) IMAGE.size()];
      IMAGE.fill(0, MemorySegment.ofArray(bytes));
      ModelBlockDevice image = new ModelBlockDevice(IMAGE.size());
      image.poke(0, bytes);
      return image;
    }
  }

  @Nested
  class NotCopyingOnReadTracked extends NotCopyingOnRead {
    @Override
    public LazyOptions options() {
      return super.options().withTrackWritten(true);
    }
  }

  /** Everything has been fetched: requests pass, and so do errors. */
  @Nested
  class Filled implements DecoratorContract {
    @Override
    public EventLoop newLoop() throws Exception {
      return Loops.ring();
    }

    @Override
    public long testSize() {
      return SIZE;
    }

    @Override
    public boolean resizable() {
      return true;
    }

    @Override
    public int powerCuts() {
      return 60;
    }

    @Override
    public BlockDevice decorate(BlockDevice inner) throws Exception {
      Reactor home = Homes.ring();
      byte[] headers =
          newHeaders(inner.geometry().size(), StripeHeader.HAS_SOURCE | StripeHeader.FETCHED);
      ModelBlockDevice metadata = new ModelBlockDevice(4096);
      metadata.poke(0, MetadataCodec.encode(StripeMetadata.of(SHIFT, headers)));
      return LazyDevice.open(
          inner,
          metadata,
          () -> {
            throw new AssertionError("source opened though everything has been fetched");
          },
          home,
          OPTIONS);
    }
  }

  /** The same in virtual time, where tasks of all reactors come in any order. */
  interface Simulated extends OnOneDevice {

    Simulation world();

    @Override
    default EventLoop newLoop() {
      return world().newReactor();
    }

    @Override
    default boolean multiThreaded() {
      return false;
    }

    /** Growing blocks. */
    @Override
    default boolean resizable() {
      return false;
    }

    @Override
    default BlockDevice decorate(BlockDevice inner) throws Exception {
      Partition metadata = Partition.first(inner, METADATA);
      EventLoop home = world().newReactor();
      LazyDevice lazy =
          LazyDevice.assemble(
              Partition.rest(inner, METADATA),
              metadata,
              load(metadata, home),
              new ImageSource(IMAGE),
              home,
              options());
      return new SimulatedDisk(lazy, world());
    }

    private static StripeMetadata load(BlockDevice device, EventLoop home) throws IOException {
      try (Arena arena = Arena.ofShared();
          ChannelDriver channel = ChannelDriver.open(device, home, 1)) {
        MemorySegment file = arena.allocate(METADATA);
        if (channel.read(0, file) != Status.OK) {
          throw new IOException("metadata cannot be read");
        }
        return MetadataCodec.decode(
            device.toString(), ByteBuffer.wrap(file.toArray(ValueLayout.JAVA_BYTE)));
      }
    }
  }

  @Nested
  class CopyingOnReadInSimulation implements Simulated {
    private final Simulation world = new Simulation(System.nanoTime());

    @Override
    public Simulation world() {
      return world;
    }
  }

  @Nested
  class NotCopyingOnReadInSimulation extends CopyingOnReadInSimulation {
    @Override
    public LazyOptions options() {
      return OPTIONS.withCopyOnRead(false).withTrackWritten(true);
    }
  }

  /** Data and metadata in files, as disks have them. */
  @Nested
  class OnFiles implements BlockDeviceContract {
    @Override
    public EventLoop newLoop() throws Exception {
      return Loops.ring();
    }

    @Override
    public BlockDevice newDevice(long size) throws Exception {
      int file = FILES.incrementAndGet();
      Path metadata = directory.resolve("metadata" + file);
      byte[] headers = newHeaders(size, StripeHeader.HAS_SOURCE);
      MetadataFile.allocate(metadata, headers.length);
      RawFileDevice store = RawFileDevice.open(metadata, RawFileOptions.DEFAULT);
      MetadataFile.format(store, Homes.ring(), StripeMetadata.of(SHIFT, headers));
      return LazyDevice.open(
          RawFileDevice.create(directory.resolve("disk" + file), size, RawFileOptions.DEFAULT),
          store,
          () -> new PatternSource(7, IMAGE.size()),
          Homes.ring(),
          OPTIONS);
    }

    @Override
    public void baseContent(long offset, MemorySegment dst) {
      IMAGE.fill(offset, dst);
    }

    @Override
    public boolean resizable() {
      return true;
    }

    /** The page cache copies in no particular order. */
    @Override
    public boolean blocksNeverTear() {
      return false;
    }

    @Override
    public int randomOperations() {
      return 2_000;
    }
  }

  /** A device that offers little is not asked for more. */
  @Nested
  class OverAPlainDevice implements OnOneDevice {
    @Override
    public BlockDevice newDevice(long size) throws Exception {
      return decorate(
          newInner(
              ModelOptions.of(innerSize(size))
                  .without(Capability.DISCARD)
                  .without(Capability.WRITE_ZEROES)
                  .without(Capability.FUA)));
    }
  }

  @Nested
  class OverADeviceThatOnlyDiscards implements OnOneDevice {
    @Override
    public BlockDevice newDevice(long size) throws Exception {
      return decorate(newInner(ModelOptions.of(innerSize(size)).without(Capability.WRITE_ZEROES)));
    }
  }
}
