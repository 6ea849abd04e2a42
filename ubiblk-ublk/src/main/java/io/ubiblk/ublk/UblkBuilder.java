package io.ubiblk.ublk;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.layer.ReadOnlyDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.ublk.driver.ControlNode;
import io.ubiblk.ublk.driver.Driver;
import io.ubiblk.ublk.driver.LinuxDriver;
import io.ubiblk.ublk.driver.RunningDevice;
import io.ubiblk.ublk.driver.Takeover;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.DeviceParameters;
import io.ubiblk.ublk.protocol.DriverFeatures;
import io.ubiblk.ublk.queue.IoDescriptors;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Describes how to serve a device: begin with {@link UblkDevice#serve}. */
public final class UblkBuilder {

  /** Most requests that a queue can have in flight. */
  public static final int MOST_REQUESTS = IoDescriptors.MOST;

  /** What the largest transfer is a multiple of, in bytes: the largest page size of any kernel. */
  public static final int TRANSFER_UNIT = 1 << 16;

  /** The largest number of a block device. */
  public static final int LARGEST_ID = (1 << 20) - 1;

  private static final int MOST_QUEUES = 4096;
  private static final int LARGEST_TRANSFER = 32 << 20;
  private static final int DEFAULT_DEPTH = 128;
  private static final int DEFAULT_TRANSFER = 512 << 10;
  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);
  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

  private final BlockDevice device;
  private @Nullable ReactorGroup reactors;
  private int queues = 1;
  private int depth = DEFAULT_DEPTH;
  private int largestTransfer = DEFAULT_TRANSFER;
  private int id = ControlNode.ANY;
  private boolean readOnly;
  private boolean recoverable;
  private boolean keep;
  private boolean zeroCopy = true;
  private Duration grace = DEFAULT_GRACE;
  private Duration patience = DEFAULT_PATIENCE;

  UblkBuilder(BlockDevice device) {
    this.device = device;
  }

  /**
   * Sets the number of queues; 1 unless set. The kernel gives at most one for each processor.
   *
   * @param count 1 to 4096
   * @return this
   */
  public UblkBuilder queues(int count) {
    queues = within("queues", count, 1, MOST_QUEUES);
    return this;
  }

  /**
   * Sets how many requests a queue has in flight at most; 128 unless set.
   *
   * @param requests 1 to 4096
   * @return this
   */
  public UblkBuilder depth(int requests) {
    depth = within("requests", requests, 1, MOST_REQUESTS);
    return this;
  }

  /**
   * Sets the largest read or write that the kernel sends; 512 KiB unless set. Each request that a
   * queue may have in flight has a buffer of this size, which takes memory as far as it has been
   * used.
   *
   * @param bytes 64 KiB to 32 MiB, a multiple of 64 KiB
   * @return this
   */
  public UblkBuilder largestTransfer(int bytes) {
    largestTransfer = within("bytes", bytes, TRANSFER_UNIT, LARGEST_TRANSFER);
    if (bytes % TRANSFER_UNIT != 0) {
      throw new IllegalArgumentException(bytes + " bytes, expected a multiple of " + TRANSFER_UNIT);
    }
    return this;
  }

  /**
   * Sets the number of the device, N in {@code /dev/ublkbN}; the first that is free unless set.
   *
   * @param number 0 to 1048575
   * @return this
   */
  public UblkBuilder id(int number) {
    id = within("as number of the device", number, 0, LARGEST_ID);
    return this;
  }

  /**
   * Serves the device for reading only.
   *
   * @param value whether to refuse changes
   * @return this
   */
  public UblkBuilder readOnly(boolean value) {
    readOnly = value;
    return this;
  }

  /**
   * Lets the block device outlive the process: if that is killed, requests wait, those in flight
   * included, until a server takes the block device over with {@link #recover}.
   *
   * @param value whether the block device can be recovered; false unless set
   * @return this
   */
  public UblkBuilder recoverable(boolean value) {
    recoverable = value;
    return this;
  }

  /**
   * Leaves a recoverable block device to the next server when this one is closed. The kernel hands
   * it over when this process has ended, or the reactors that served it; requests wait until then.
   *
   * @param value whether closing leaves the block device; false unless set
   * @return this
   */
  public UblkBuilder keep(boolean value) {
    keep = value;
    return this;
  }

  /**
   * Lets data pass between the kernel and the device without a copy, where the kernel (Linux 6.16)
   * and the device can. To switch it off changes nothing but speed.
   *
   * @param value whether to avoid copies; true unless set
   * @return this
   */
  public UblkBuilder zeroCopy(boolean value) {
    zeroCopy = value;
    return this;
  }

  /**
   * Sets how long {@link UblkDevice#close} waits for requests in flight; five seconds unless set.
   *
   * @param time zero or more
   * @return this
   */
  public UblkBuilder grace(Duration time) {
    grace = notNegative("grace", time);
    return this;
  }

  /**
   * Sets how long {@link #recover} waits for the server before this one to end; ten seconds unless
   * set.
   *
   * @param time zero or more
   * @return this
   */
  public UblkBuilder patience(Duration time) {
    patience = notNegative("patience", time);
    return this;
  }

  /**
   * Sets the reactors that the queues are spread over; the group that the process shares unless
   * set. They must have io_uring.
   *
   * @param group the reactors, to be closed after the device
   * @return this
   */
  public UblkBuilder reactors(ReactorGroup group) {
    reactors = group;
    return this;
  }

  /**
   * Adds a block device. When this returns, it can be used.
   *
   * @return the device
   * @throws BlockDeviceException.Unsupported if the kernel has no ublk driver, or the device or the
   *     reactors do not suit it
   * @throws BlockDeviceException.Busy if the number is taken
   * @throws IOException if the driver refuses
   */
  public UblkDevice start() throws IOException {
    return start(LinuxDriver.open());
  }

  /**
   * Takes over the block device of the {@linkplain #id number that was set} from a server that has
   * ended, and answers the requests that wait; adds a recoverable one if there is none. Number of
   * queues, depth, largest transfer and the way of the data stay as they were.
   *
   * @return the device
   * @throws BlockDeviceException.Busy if it has a server that does not end
   * @throws BlockDeviceException.Mismatch if what the kernel shows is larger than the device or has
   *     other blocks
   * @throws BlockDeviceException.Unsupported if it was not added as a recoverable one, or another
   *     program has added it with a way of the data that this one does not know
   * @throws IOException if the driver refuses
   */
  public UblkDevice recover() throws IOException {
    return recover(LinuxDriver.open());
  }

  UblkDevice start(Driver driver) throws IOException {
    return using(driver, this::add);
  }

  UblkDevice recover(Driver driver) throws IOException {
    if (id == ControlNode.ANY) {
      driver.close();
      throw new IllegalStateException("no number of a device, expected a call of id(...)");
    }
    return using(driver, this::takeOver);
  }

  private interface Step {
    UblkDevice run(ControlNode node) throws IOException;
  }

  private static UblkDevice using(Driver driver, Step step) throws IOException {
    try {
      return step.run(ControlNode.open(driver));
    } catch (IOException | RuntimeException e) {
      driver.close();
      throw e;
    }
  }

  private UblkDevice add(ControlNode node) throws IOException {
    BlockDevice served = served();
    DeviceParameters parameters =
        DeviceParameters.of(served, largestTransfer, node.driver().pageSize());
    long flags = node.isIoctl() ? DriverFeatures.CMD_IOCTL_ENCODE : 0;
    flags |= node.has(DriverFeatures.UPDATE_SIZE) ? DriverFeatures.UPDATE_SIZE : 0;
    if (recoverable) {
      flags |= DriverFeatures.USER_RECOVERY | DriverFeatures.USER_RECOVERY_REISSUE;
    }
    List<Reactor> assigned = assign(queues);
    if (zeroCopy
        && node.hasAll(DriverFeatures.ZERO_COPY)
        && FixedBuffers.suit(served, assigned.getFirst())) {
      flags |= DriverFeatures.ZERO_COPY;
    }
    DeviceInfo info = node.add(DeviceInfo.wanted(queues, depth, largestTransfer, id, flags));
    try {
      requireRecovery(info);
      node.setParameters(info.id(), parameters);
      RunningDevice running = RunningDevice.open(node, info, served, assigned, false);
      return started(node, running, served);
    } catch (IOException | RuntimeException e) {
      node.delete(info.id());
      throw e;
    }
  }

  private UblkDevice takeOver(ControlNode node) throws IOException {
    BlockDevice served = served();
    DeviceInfo info = Takeover.begin(node, id, served.geometry(), patience);
    if (info == null) {
      // Started never, or stopped: nobody uses it, and its queues cannot be had back.
      node.delete(id);
      recoverable = true;
      return add(node);
    }
    RunningDevice running = RunningDevice.open(node, info, served, assign(info.queues()), true);
    return started(node, running, served);
  }

  private UblkDevice started(ControlNode node, RunningDevice running, BlockDevice served)
      throws IOException {
    running.start();
    Reactor reactor = running.reactor();
    UblkDevice result = new UblkDevice(served, node, running, reactor, grace, keep);
    result.begin();
    return result;
  }

  private void requireRecovery(DeviceInfo info) throws BlockDeviceException.Unsupported {
    if (recoverable && !info.has(DriverFeatures.USER_RECOVERY_REISSUE)) {
      throw new BlockDeviceException.Unsupported(
          "this kernel cannot keep a ublk device for another server, expected Linux 6.1");
    }
  }

  private BlockDevice served() {
    return readOnly ? new ReadOnlyDevice(device) : device;
  }

  private List<Reactor> assign(int count) throws BlockDeviceException {
    ReactorGroup group = reactors == null ? ReactorGroup.shared() : reactors;
    List<Reactor> assigned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      assigned.add(group.next());
    }
    return assigned;
  }

  private static Duration notNegative(String what, Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException(what + " of " + time + ", expected zero or more");
    }
    return time;
  }

  private static int within(String what, int value, int low, int high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(value + " " + what + ", expected " + low + " to " + high);
    }
    return value;
  }
}
