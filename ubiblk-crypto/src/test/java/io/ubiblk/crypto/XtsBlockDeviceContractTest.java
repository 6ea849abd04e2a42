package io.ubiblk.crypto;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.reactor.Simulation;
import io.ubiblk.testkit.BlockDeviceContract;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Encryption keeps the contract of devices and of decorators, power cuts included. */
class XtsBlockDeviceContractTest {

  @TempDir static Path directory;
  private static final AtomicInteger FILES = new AtomicInteger();

  @Nested
  class Ubiblk implements XtsFixture {
    @Override
    public int powerCuts() {
      return 150;
    }
  }

  @Nested
  class Plain64 implements XtsFixture {
    @Override
    public TweakLayout layout() {
      return TweakLayout.PLAIN64;
    }

    @Override
    public int powerCuts() {
      return 50;
    }
  }

  @Nested
  class InSimulation implements XtsFixture {
    @Override
    public EventLoop newLoop() {
      return new Simulation(FILES.incrementAndGet()).newReactor();
    }

    @Override
    public boolean multiThreaded() {
      return false;
    }

    @Override
    public int powerCuts() {
      return 50;
    }
  }

  @Nested
  class OverAFile implements BlockDeviceContract {
    private final XtsFixture xts = new XtsFixture() {};

    @Override
    public EventLoop newLoop() throws Exception {
      return xts.newLoop();
    }

    @Override
    public BlockDevice newDevice(long size) throws Exception {
      Path path = directory.resolve("disk" + FILES.incrementAndGet());
      return xts.decorate(RawFileDevice.create(path, size, RawFileOptions.DEFAULT));
    }

    @Override
    public void baseContent(long offset, MemorySegment dst) {
      xts.baseContent(offset, dst);
    }

    @Override
    public void grownContent(long offset, MemorySegment dst) {
      xts.baseContent(offset, dst);
    }

    @Override
    public boolean discardsLeaveNothingNew() {
      return false;
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
  }
}
