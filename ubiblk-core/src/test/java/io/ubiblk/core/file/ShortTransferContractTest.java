package io.ubiblk.core.file;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.BlockDeviceContract;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The kernel may cut any transfer short, or ask to try again: nobody above notices. */
class ShortTransferContractTest {

  private static final int EAGAIN = -11;
  private static final int EINTR = -4;

  @TempDir static Path directory;
  private static final AtomicInteger FILES = new AtomicInteger();

  interface CutShort extends BlockDeviceContract {

    /** Smallest unit in bytes that transfers are cut into. */
    int unit();

    @Override
    default EventLoop newLoop() throws Exception {
      SplittableRandom random = new SplittableRandom(FILES.incrementAndGet());
      return new ScriptedReactor(Loops.ring(), (_, _, length) -> outcome(random, length, unit()));
    }

    private static long outcome(SplittableRandom random, long length, int unit) {
      return switch (random.nextInt(6)) {
        case 0 -> EAGAIN;
        case 1 -> EINTR;
        case 2 -> length;
        case 3 -> Math.min(length, unit);
        default -> Math.min(length, unit * random.nextLong(1, length / unit + 2));
      };
    }

    @Override
    default BlockDevice newDevice(long size) throws Exception {
      return RawFileDevice.create(newPath(), size, RawFileOptions.DEFAULT);
    }

    @Override
    default boolean resizable() {
      return true;
    }

    @Override
    default boolean blocksNeverTear() {
      return false;
    }

    @Override
    default int randomOperations() {
      return 1_000;
    }

    static Path newPath() {
      return directory.resolve("disk" + FILES.incrementAndGet());
    }
  }

  @Nested
  class Cached implements CutShort {
    @Override
    public int unit() {
      return 100;
    }
  }

  /** On direct I/O the kernel cuts at its own block size, which may be less than the alignment. */
  @Nested
  class DirectOnStorageOfLargeBlocks implements CutShort {
    @Override
    public int unit() {
      return 512;
    }

    @Override
    public BlockDevice newDevice(long size) throws Exception {
      Path path = CutShort.newPath();
      RawFileDevice.create(path, size, RawFileOptions.DEFAULT).close();
      RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
      return RawFileDevice.open(path, direct, new FileAlignment(4096, 4096));
    }
  }

  @Nested
  class Direct implements CutShort {
    @Override
    public int unit() {
      return 512;
    }

    @Override
    public BlockDevice newDevice(long size) throws Exception {
      RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
      return RawFileDevice.create(CutShort.newPath(), size, direct);
    }
  }
}
