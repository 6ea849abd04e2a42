package io.ubiblk.core.file;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.Loops;
import io.ubiblk.testkit.BlockDeviceContract;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** A raw file keeps the contract however it is opened, on every kind of reactor. */
class RawFileContractTest {

  @TempDir static Path directory;
  private static final AtomicInteger FILES = new AtomicInteger();

  /** What all of them have in common. */
  interface RawFile extends BlockDeviceContract {
    default RawFileOptions options() {
      return RawFileOptions.DEFAULT;
    }

    @Override
    default EventLoop newLoop() throws Exception {
      return Loops.ring();
    }

    @Override
    default BlockDevice newDevice(long size) throws Exception {
      return RawFileDevice.create(newPath(), size, options());
    }

    @Override
    default boolean resizable() {
      return true;
    }

    /** The page cache copies in no particular order. */
    @Override
    default boolean blocksNeverTear() {
      return false;
    }

    static Path newPath() {
      return directory.resolve("disk" + FILES.incrementAndGet());
    }
  }

  @Nested
  class Cached implements RawFile {}

  @Nested
  class CachedOnEpoll implements RawFile {
    @Override
    public EventLoop newLoop() throws Exception {
      return Loops.epoll();
    }
  }

  @Nested
  class CachedInSimulation implements RawFile {
    @Override
    public EventLoop newLoop() {
      return Loops.simulated(FILES.incrementAndGet());
    }

    @Override
    public boolean multiThreaded() {
      return false;
    }
  }

  @Nested
  class Direct implements RawFile {
    @Override
    public RawFileOptions options() {
      return RawFileOptions.DEFAULT.withDirect(true);
    }
  }

  @Nested
  class DirectOnStorageOfLargeBlocks implements RawFile {
    @Override
    public BlockDevice newDevice(long size) throws Exception {
      Path path = newPath();
      RawFileDevice.create(path, size, options()).close();
      RawFileOptions direct = options().withDirect(true);
      return RawFileDevice.open(path, direct, new FileAlignment(4096, 4096));
    }

    private static Path newPath() {
      return RawFile.newPath();
    }
  }

  @Nested
  class WriteThrough implements RawFile {
    @Override
    public RawFileOptions options() {
      return RawFileOptions.DEFAULT.withWriteThrough(true);
    }

    @Override
    public int randomOperations() {
      return 500;
    }
  }

  @Nested
  class ReadOnly implements RawFile {
    @Override
    public BlockDevice newDevice(long size) throws Exception {
      Path path = RawFile.newPath();
      Files.write(path, new byte[(int) size]);
      return RawFileDevice.open(path, RawFileOptions.DEFAULT.withReadOnly(true));
    }

    @Override
    public boolean resizable() {
      return false;
    }
  }
}
