package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Cuts the power under a stack of devices, again and again, at random points between any two steps
 * with requests in flight, and demands each time that the stack, put together again over what has
 * survived, holds what the rules of durability allow: every block its last durable content, or one
 * that was written since.
 *
 * <pre>{@code
 * Seeds.check(random -> {
 *   try (PowerCuts cuts = new PowerCuts(fixture, disks -> new MyBlockDevice(disks.getFirst()))) {
 *     cuts.run(500, List.of(ModelOptions.of(65536)), random);
 *   }
 * });
 * }</pre>
 *
 * <p>A stack may stand on several disks, such as one for data and one for metadata; their power is
 * cut at the same instant. Each stack lives through up to three power cuts.
 *
 * <p><b>Thread.</b> Confined to the thread that created it.
 */
public final class PowerCuts implements AutoCloseable {

  private static final int DEPTH = 8;
  private static final int LARGEST = 4096;
  private static final int MOST_STEPS = 120;

  private final BlockDeviceFixture fixture;
  private final Stack stack;
  private final LoopDriver driver;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment scratch = arena.allocate(64 * 1024, 4096);
  private List<GuardedBuffer> buffers = List.of();
  private Consumer<? super CrashingBlockDevice> format = _ -> {};
  private boolean quiet = true;
  private int undecided;

  /** Puts a device together from the disks that it stands on. */
  @FunctionalInterface
  public interface Stack {

    /**
     * Opens the device, for the first time or after a power cut.
     *
     * @param disks the disks, in the order of their options; owned by the device from now on
     * @return the device, of the same size each time
     * @throws Exception if that fails; the test then fails
     */
    BlockDevice open(List<CrashingBlockDevice> disks) throws Exception;
  }

  /**
   * Opens a loop.
   *
   * @param fixture makes the loop, and says what a fresh device holds
   * @param stack puts a device together
   * @throws Exception if the loop cannot be opened
   */
  public PowerCuts(BlockDeviceFixture fixture, Stack stack) throws Exception {
    this.fixture = fixture;
    this.stack = stack;
    this.driver = LoopDriver.open(fixture);
  }

  /**
   * Prepares every disk before it is used for the first time.
   *
   * @param preparation receives each zeroed disk
   * @return this object
   */
  public PowerCuts formattedBy(Consumer<? super CrashingBlockDevice> preparation) {
    format = preparation;
    return this;
  }

  /**
   * Cuts the power.
   *
   * @param cuts how often
   * @param options what each disk is like
   * @param random decides everything
   * @throws Exception if a device cannot be opened or closed
   * @throws AssertionError if a block holds what it must not hold
   */
  public void run(int cuts, List<ModelOptions> options, SeededRandom random) throws Exception {
    for (int done = 0; done < cuts; ) {
      int lives = Math.min(cuts - done, random.between(1, 3));
      live(lives, options, random);
      done += lives;
    }
  }

  /** {@return how many blocks had more than one possible content when the power was cut, in all} */
  public int undecidedBlocks() {
    return undecided;
  }

  private void live(int lives, List<ModelOptions> options, SeededRandom random) throws Exception {
    List<CrashingBlockDevice> disks = new ArrayList<>();
    for (ModelOptions each : options) {
      CrashingBlockDevice disk = new CrashingBlockDevice(each.withSeed(random.nextLong()));
      format.accept(disk);
      disks.add(disk);
    }
    BlockDevice device = stack.open(disks);
    DurabilityModel model = newModel(device);
    for (int i = 0; i < lives; i++) {
      disks = cutOnce(device, disks, model, random);
      device = stack.open(disks);
      verify(device, model);
    }
    driver.run(device::close);
  }

  private DurabilityModel newModel(BlockDevice device) {
    byte[] base = new byte[(int) device.geometry().size()];
    fixture.baseContent(0, MemorySegment.ofArray(base));
    if (buffers.isEmpty()) {
      buffers = RandomLoad.buffers(device, DEPTH, LARGEST, arena);
    }
    return new DurabilityModel(device, base, !fixture.discardsLeaveNothingNew());
  }

  /** Uses a device, cuts the power, takes the device down, and returns what has survived. */
  private List<CrashingBlockDevice> cutOnce(
      BlockDevice device,
      List<CrashingBlockDevice> disks,
      DurabilityModel model,
      SeededRandom random)
      throws Exception {
    ChannelDriver channel = ChannelDriver.open(device, driver, DEPTH);
    quiet = false;
    RandomLoad load = new RandomLoad(device, channel, model, random.split(), buffers);
    for (int steps = random.below(MOST_STEPS); steps > 0; steps--) {
      load.step();
    }
    boolean inOrder = random.chance(0.1);
    if (inOrder) {
      // Closing does not flush: what was not durable before is not durable afterwards.
      channel.submit();
      channel.awaitAll();
      channel.close();
      driver.run(device::close);
    }
    undecided += model.undecidedBlocks();
    List<CrashingBlockDevice> survivors = new ArrayList<>();
    for (CrashingBlockDevice disk : disks) {
      survivors.add(disk.powerCut(random.nextLong()));
    }
    load.abandon();
    model.powerCut();
    disks.forEach(CrashingBlockDevice::bury);
    channel.close();
    quiet = true;
    closeDead(device);
    return survivors;
  }

  private void closeDead(BlockDevice device) throws Exception {
    try {
      driver.run(device::close);
    } catch (IOException e) {
      // A device that wants to write when it closes finds no power.
    }
  }

  private void verify(BlockDevice device, DurabilityModel model) throws IOException {
    try (ChannelDriver channel = ChannelDriver.open(device, driver, 1)) {
      int block = device.geometry().logicalBlockSize();
      long most = Math.min(scratch.byteSize(), device.geometry().maxTransfer()) / block * block;
      for (long at = 0; at < model.length(); ) {
        MemorySegment part = scratch.asSlice(0, Math.min(most, model.length() - at));
        assertEquals(Status.OK, channel.read(at, part), "read after a power cut");
        model.checkSurvivor(at, part.toArray(ValueLayout.JAVA_BYTE));
        at += part.byteSize();
      }
    }
  }

  /** Closes the loop. What a channel that does not close still uses is left as it is. */
  @Override
  public void close() {
    if (quiet) {
      arena.close();
      driver.loop().close();
    }
  }
}
