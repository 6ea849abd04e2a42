package io.ubiblk.crypto;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.lazy.LazyDevice;
import io.ubiblk.core.lazy.LazyOptions;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.BlockDeviceContract;
import io.ubiblk.testkit.CrashingBlockDevice;
import io.ubiblk.testkit.ModelBlockDevice;
import io.ubiblk.testkit.ModelOptions;
import io.ubiblk.testkit.PatternSource;
import io.ubiblk.testkit.PowerCuts;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A lazily filled disk whose data and metadata are encrypted keeps the contract of devices. */
class EncryptedLazyDeviceTest implements BlockDeviceContract {

  private static final int SHIFT = MetadataLayout.SMALLEST_NEW_SHIFT;
  private static final int STRIPE = MetadataLayout.stripeSize(SHIFT);
  private static final LazyOptions OPTIONS = LazyOptions.DEFAULT.withTrackWritten(true);

  private static ReactorGroup home;

  @BeforeAll
  static void startHome() throws Exception {
    home = ReactorGroup.start(ReactorOptions.of(1));
  }

  @AfterAll
  static void closeHome() {
    home.close();
  }

  @Override
  public EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  public BlockDevice newDevice(long size) throws Exception {
    return open(size, new ModelBlockDevice(size), formatted(size));
  }

  private static BlockDevice open(long size, BlockDevice data, BlockDevice metadata)
      throws IOException {
    return LazyDevice.open(
        encrypted(data), encrypted(metadata), () -> source(size), home.next(), OPTIONS);
  }

  /** An image of half the disk that ends inside a stripe. */
  private static PatternSource source(long size) {
    return new PatternSource(7, size / 2 - STRIPE / 2 + 512);
  }

  private static BlockDevice encrypted(BlockDevice device) throws IOException {
    try (XtsKey key = Vectors.key(Vectors.KEY)) {
      return new XtsBlockDevice(device, key);
    }
  }

  private static ModelBlockDevice formatted(long size) throws IOException {
    StripeMetadata metadata = StripeMetadata.initial(size, SHIFT, source(size));
    long bytes = MetadataLayout.fileSize(metadata.stripes());
    ModelBlockDevice scratch = new ModelBlockDevice(bytes);
    ModelBlockDevice result = new ModelBlockDevice(bytes);
    try (BlockDevice device = encrypted(scratch)) {
      MetadataFile.format(device, home.next(), metadata);
      result.poke(0, scratch.peek(0, (int) bytes));
    }
    return result;
  }

  /** The image, zeros to the end of its last stripe, and behind that what becomes of zeros. */
  @Override
  public void baseContent(long offset, MemorySegment dst) {
    PatternSource source = source(testSizeNow);
    grownContent(offset, dst);
    long stripes = (source.size() + STRIPE - 1) / STRIPE;
    long length = Math.min(dst.byteSize(), stripes * STRIPE - offset);
    if (length > 0) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(length);
        source.read(offset, memory);
        MemorySegment.copy(memory, 0, dst, 0, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The size that the disk of the present test has. */
  private long testSizeNow = testSize();

  @Override
  public boolean discardsLeaveNothingNew() {
    return false;
  }

  @Override
  public boolean resizable() {
    return true;
  }

  @Override
  public void grownContent(long offset, MemorySegment dst) {
    dst.fill((byte) 0);
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      cipher.decrypt(offset / 512, dst, dst);
    }
  }

  @Override
  public int randomOperations() {
    return 1_000;
  }

  @Test
  void powerCutsLoseNothingDurable() {
    long size = 8L * STRIPE;
    testSizeNow = size;
    Seeds.check(
        random -> {
          ModelBlockDevice metadata = formatted(size);
          int bytes = (int) metadata.geometry().size();
          try (PowerCuts cuts =
              new PowerCuts(this, disks -> open(size, disks.getFirst(), disks.getLast()))) {
            cuts.formattedBy(disk -> format(disk, metadata.peek(0, bytes)))
                .run(100, List.of(ModelOptions.of(size), ModelOptions.of(bytes)), random);
          }
        });
  }

  private static void format(CrashingBlockDevice disk, byte[] metadata) {
    if (disk.geometry().size() == metadata.length) {
      disk.poke(0, metadata);
    }
  }
}
