package io.ubiblk.ublk.simulated;

import io.ubiblk.core.io.IoReactor;
import io.ubiblk.ublk.driver.Driver;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.DeviceParameters;
import io.ubiblk.ublk.protocol.Opcode;
import io.ubiblk.ublk.queue.QueueSetup.DriverSide;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A driver with at most one device, that keeps to the rules of the kernel's and counts. */
public final class SimulatedDriver implements Driver {

  public static final long FEATURES = 0x7fff;

  private static final int EPERM = 1;
  private static final int EBUSY = 16;
  private static final int EEXIST = 17;
  private static final int ENODEV = 19;
  private static final int EINVAL = 22;

  private final List<Opcode> log = new ArrayList<>();
  private final Map<Opcode, Integer> failures = new HashMap<>();
  private final long features;
  private final boolean ioctl;
  private List<SimulatedQueue> queues = new ArrayList<>();
  private DeviceInfo info = DeviceInfo.wanted(0, 0, 0, -1, 0);
  private DeviceParameters parameters = new DeviceParameters(0, 9, 9, 9, 8, 0, 0, 0, 0);
  private final ArrayDeque<SimulatedRequest> unanswered = new ArrayDeque<>();
  private boolean added;
  private boolean open;
  private int closes;
  private int refusedTag = -1;

  /** Creates a driver of a new kernel. */
  public SimulatedDriver() {
    this(FEATURES, true);
  }

  /** Creates a driver that knows some features, and the encoding of ioctls or not. */
  public SimulatedDriver(long features, boolean ioctl) {
    this.features = features;
    this.ioctl = ioctl;
  }

  /** Makes a command fail with an errno. */
  public synchronized void fail(Opcode opcode, int errno) {
    failures.put(opcode, errno);
  }

  /** Makes the first fetch of a tag fail. */
  public synchronized void refuseTag(int tag) {
    refusedTag = tag;
  }

  /** The commands so far. */
  public synchronized List<Opcode> log() {
    return List.copyOf(log);
  }

  public synchronized DeviceParameters parameters() {
    return parameters;
  }

  public synchronized DeviceInfo info() {
    return info;
  }

  public synchronized boolean isAdded() {
    return added;
  }

  public synchronized boolean isOpen() {
    return open;
  }

  public synchronized int closes() {
    return closes;
  }

  /** How many queues there have been since the last server was killed. */
  public synchronized int queues() {
    return queues.size();
  }

  public synchronized SimulatedQueue queue(int index) {
    return queues.get(index);
  }

  /** Kills the server: what it has not answered waits for the next one. */
  public synchronized void killServer() {
    for (SimulatedQueue queue : queues) {
      unanswered.addAll(queue.die());
    }
    queues = new ArrayList<>();
    open = false;
    setState(DeviceInfo.QUIESCED);
  }

  /** Makes the device one that was added with some more flags. */
  public synchronized void addFlags(long flags) {
    become(info.state(), info.flags() | flags);
  }

  /** Takes the device away, as another process may. */
  public synchronized void deleteFromOutside() {
    setState(DeviceInfo.DEAD);
    queues.forEach(SimulatedQueue::abort);
  }

  @Override
  public int perform(int command, MemorySegment payload) throws IOException {
    Opcode opcode = opcode(command);
    if (opcode == null) {
      return -EINVAL;
    }
    MemorySegment buffer = buffer(payload);
    int pathLength = payload.get(ValueLayout.JAVA_SHORT, 24);
    List<SimulatedQueue> stopped;
    synchronized (this) {
      log.add(opcode);
      Integer failure = failures.get(opcode);
      if (failure != null) {
        return -failure;
      }
      if (opcode != Opcode.STOP_DEV) {
        int id = payload.get(ValueLayout.JAVA_INT, 0);
        long data = payload.get(ValueLayout.JAVA_LONG, 16);
        return perform(opcode, id, buffer.asSlice(pathLength), data);
      }
      stopped = queues;
    }
    return stop(stopped);
  }

  @Override
  public synchronized ServedDevice open(DeviceInfo opened, boolean withIoctl) throws IOException {
    if (open) {
      throw new IOException("the device is open already");
    }
    open = true;
    return new Served();
  }

  @Override
  public int pageSize() {
    return 4096;
  }

  @Override
  public synchronized void close() {
    closes++;
  }

  private int perform(Opcode opcode, int id, MemorySegment buffer, long data) {
    if (opcode == Opcode.GET_FEATURES) {
      buffer.set(ValueLayout.JAVA_LONG, 0, features);
      return 0;
    }
    if (opcode == Opcode.ADD_DEV) {
      return add(buffer);
    }
    if (!added || id != info.id()) {
      return -ENODEV;
    }
    switch (opcode) {
      case SET_PARAMS -> parameters = DeviceParameters.read(buffer);
      case GET_PARAMS -> parameters.write(buffer);
      case GET_DEV_INFO, GET_DEV_INFO2 -> info.write(buffer);
      case START_DEV, END_USER_RECOVERY -> {
        return start(data);
      }
      case START_USER_RECOVERY -> {
        return info.state() == DeviceInfo.QUIESCED && !open ? 0 : -EBUSY;
      }
      case UPDATE_SIZE -> parameters = withSectors(data);
      case DEL_DEV, DEL_DEV_ASYNC -> {
        if (open) {
          return -EBUSY; // the kernel would wait
        }
        added = false;
      }
      default -> {
        return -EPERM;
      }
    }
    return 0;
  }

  private int add(MemorySegment buffer) {
    if (added) {
      return -EEXIST;
    }
    DeviceInfo wanted = DeviceInfo.read(buffer);
    int id = wanted.id() < 0 ? 0 : wanted.id();
    int queueCount = Math.min(wanted.queues(), 2);
    info =
        DeviceInfo.wanted(queueCount, wanted.depth(), wanted.largestTransfer(), id, wanted.flags());
    info.write(buffer);
    added = true;
    return 0;
  }

  private int start(long pid) {
    if (pid <= 0 || queues.size() < info.queues()) {
      return -EINVAL;
    }
    for (SimulatedQueue queue : queues.subList(queues.size() - info.queues(), queues.size())) {
      if (!queue.isReady()) {
        return -EINVAL; // the kernel would wait
      }
    }
    setState(DeviceInfo.LIVE);
    while (!unanswered.isEmpty()) {
      var _ = queues.getFirst().send(unanswered.remove());
    }
    return 0;
  }

  private int stop(List<SimulatedQueue> stopped) {
    try {
      for (SimulatedQueue queue : stopped) {
        queue.stop();
      }
      synchronized (this) {
        setState(DeviceInfo.DEAD);
      }
      return 0;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void setState(int state) {
    become(state, info.flags());
  }

  private void become(int state, long flags) {
    info =
        new DeviceInfo(
            info.queues(),
            info.depth(),
            state,
            info.largestTransfer(),
            info.id(),
            info.pid(),
            flags);
  }

  private DeviceParameters withSectors(long sectors) {
    return new DeviceParameters(
        parameters.attributes(),
        parameters.logicalShift(),
        parameters.physicalShift(),
        parameters.optimalShift(),
        parameters.maxSectors(),
        sectors,
        parameters.discardGranularity(),
        parameters.maxDiscardSectors(),
        parameters.maxZeroSectors());
  }

  private @Nullable Opcode opcode(int command) {
    for (Opcode opcode : Opcode.values()) {
      if (opcode.number(ioctl) == command) {
        return opcode;
      }
    }
    return null;
  }

  @SuppressWarnings("restricted")
  private static MemorySegment buffer(MemorySegment payload) {
    long address = payload.get(ValueLayout.JAVA_LONG, 8);
    return MemorySegment.ofAddress(address).reinterpret(payload.get(ValueLayout.JAVA_SHORT, 6));
  }

  private final class Served implements ServedDevice {
    @Override
    public DriverSide queue(int index, int depth, IoReactor reactor) {
      synchronized (SimulatedDriver.this) {
        SimulatedQueue queue = new SimulatedQueue(depth, Objects.requireNonNull(reactor));
        if (refusedTag >= 0) {
          queue.refuse(refusedTag);
        }
        queues.add(queue);
        return queue;
      }
    }

    @Override
    public void close() {
      synchronized (SimulatedDriver.this) {
        open = false;
      }
    }
  }
}
