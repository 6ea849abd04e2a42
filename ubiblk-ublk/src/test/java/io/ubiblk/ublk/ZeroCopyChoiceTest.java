package io.ubiblk.ublk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.simulated.SimulatedDriver;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a block device is added as one whose data is not copied. */
@Timeout(60)
class ZeroCopyChoiceTest {

  private static final int SIZE = 1 << 20;
  private static final long ABLE = SimulatedDriver.FEATURES | DriverFeatures.ZERO_COPY;

  @TempDir Path directory;
  private ReactorGroup reactors;

  @BeforeEach
  void start() throws Exception {
    reactors = ReactorGroup.start(ReactorOptions.of(1));
    IoReactor reactor = (IoReactor) reactors.next();
    boolean able =
        OnReactor.call(
            reactor,
            () -> {
              int buffer = reactor.reserveBuffers(1);
              if (buffer >= 0) {
                reactor.releaseBuffers(buffer, 1);
              }
              return buffer >= 0;
            });
    assumeTrue(able, "this machine's rings have no tables of buffers");
  }

  @AfterEach
  void stop() throws Exception {
    reactors.close();
  }

  private BlockDevice file() throws Exception {
    return RawFileDevice.create(directory.resolve("disk"), SIZE, RawFileOptions.DEFAULT);
  }

  private boolean choice(BlockDevice device, long features, boolean wanted) throws Exception {
    try (device;
        UblkDevice served =
            UblkDevice.serve(device)
                .reactors(reactors)
                .zeroCopy(wanted)
                .start(new SimulatedDriver(features, true))) {
      return served.isZeroCopy();
    }
  }

  @Test
  void fileIsServedWithoutCopying() throws Exception {
    assertEquals(true, choice(file(), ABLE, true));
  }

  @Test
  void layersThatDoNotLookChangeNothing() throws Exception {
    assertEquals(true, choice(new StatisticsDevice(file()), ABLE, true));
  }

  @Test
  void deviceThatTakesNoFixedBuffersIsCopied() throws Exception {
    assertEquals(false, choice(new MemoryDevice(SIZE), ABLE, true));
  }

  @Test
  void driverThatRegistersNothingCopies() throws Exception {
    assertEquals(false, choice(file(), ABLE & ~DriverFeatures.AUTO_BUF_REG, true));
  }

  @Test
  void driverThatCannotCopyWhatIsLeftIsNotTrusted() throws Exception {
    assertEquals(false, choice(file(), ABLE & ~DriverFeatures.USER_COPY, true));
  }

  @Test
  void itCanBeSwitchedOff() throws Exception {
    assertEquals(false, choice(file(), ABLE, false));
  }
}
