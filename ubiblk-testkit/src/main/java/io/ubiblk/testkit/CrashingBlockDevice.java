package io.ubiblk.testkit;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A {@link ModelBlockDevice} with a volatile cache, whose power can be cut: what a test of
 * durability puts under the device that it tests.
 *
 * <pre>{@code
 * CrashingBlockDevice disk = new CrashingBlockDevice(ModelOptions.of(65536));
 * BlockDevice device = new MyBlockDevice(disk);
 * // ... write, flush, have requests in flight ...
 * CrashingBlockDevice survivor = disk.powerCut(random.nextLong());
 * disk.bury();
 * // ... close the old device, then look at new MyBlockDevice(survivor) ...
 * }</pre>
 *
 * <p><b>Durability</b> is that of {@link io.ubiblk.api.BlockDevice} to the letter and not more. A
 * completed change is visible, but durable only after a flush that was issued after its completion,
 * or with {@link IoFlags#FUA}, or at once if the device lacks {@link Capability#FLUSH}. At a power
 * cut each change that is not durable is dropped, applied, or applied to some of its logical
 * blocks, in any order; a block never tears. Requests in flight count as changes that are not
 * durable. The choice follows from the seed.
 *
 * <p><b>After the cut</b> the device answers nothing: requests are accepted and never complete,
 * closed channels do not finish. {@link #bury} ends that. Several devices are cut at the same
 * instant by cutting one after the other without turning the loop in between.
 *
 * <p><b>Thread.</b> Thread-safe, as every device. Cutting the power of a device whose channels run
 * on other threads leaves open which of their requests were in flight.
 */
public final class CrashingBlockDevice extends MemoryBlockDevice {

  private final SparseStore durable;
  private final List<Change> changes = new ArrayList<>();
  private final Set<MemoryChannel> live = new HashSet<>();
  private long clock;
  private long flushes;
  private int flushFailure;
  private boolean flushFailureDrops;
  private volatile boolean cut;
  private volatile boolean buried;

  /**
   * Creates a zeroed device of 512-byte blocks that can do everything.
   *
   * @param size size in bytes, a multiple of 512
   */
  public CrashingBlockDevice(long size) {
    this(ModelOptions.of(size));
  }

  /**
   * Creates a zeroed device.
   *
   * @param options what it is like
   */
  public CrashingBlockDevice(ModelOptions options) {
    this(options, new SparseStore(options.geometry().size()));
  }

  private CrashingBlockDevice(ModelOptions options, SparseStore content) {
    super(options, content);
    this.durable = content.copy();
  }

  /**
   * Cuts the power. From now on this device answers nothing.
   *
   * @param seed decides what survives of what was not durable
   * @return a new device of the same kind that holds what survived, all of it durable
   * @throws IllegalStateException if the power has been cut before
   */
  public CrashingBlockDevice powerCut(long seed) {
    synchronized (lock) {
      if (cut) {
        throw new IllegalStateException("the power of " + this + " has been cut before");
      }
      cut = true;
      SparseStore survivor = durable.copy();
      applySome(survivor, new SeededRandom(seed));
      ModelOptions options = options().withGeometry(geometry()).withSeed(seed);
      return new CrashingBlockDevice(options, survivor);
    }
  }

  /**
   * Ends the silence after a power cut so that whatever is above can be closed: requests in flight,
   * and all further ones, complete with {@link Status#EIO}, and channels finish.
   *
   * @throws IllegalStateException if the power has not been cut
   */
  public void bury() {
    synchronized (lock) {
      if (!cut) {
        throw new IllegalStateException("the power of " + this + " has not been cut");
      }
      buried = true;
      live.forEach(MemoryChannel::wake);
    }
  }

  /**
   * Makes the next flush fail.
   *
   * @param errno what it completes with
   * @param drops whether the device gives up on the changes that the flush should have made
   *     durable: they stay visible, and no later flush makes up for it (as Linux does with pages
   *     that it failed to write)
   */
  public void failNextFlush(int errno, boolean drops) {
    synchronized (lock) {
      flushFailure = errno;
      flushFailureDrops = drops;
    }
  }

  /** {@return how many flushes have succeeded} */
  public long flushes() {
    synchronized (lock) {
      return flushes;
    }
  }

  /** {@return how many changes would be at stake in a power cut now, those in flight included} */
  public int changesAtStake() {
    synchronized (lock) {
      return changes.size();
    }
  }

  /**
   * Returns durable content: what a power cut that drops everything else would leave.
   *
   * @param offset first byte
   * @param length number of bytes
   * @return a copy
   * @throws IndexOutOfBoundsException if the range does not lie inside the device
   */
  public byte[] peekDurable(long offset, int length) {
    synchronized (lock) {
      return durable.read(offset, length);
    }
  }

  @Override
  public void poke(long offset, byte[] bytes) {
    synchronized (lock) {
      super.poke(offset, bytes);
      durable.write(offset, bytes, 0, bytes.length);
    }
  }

  @Override
  MemoryChannel newChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws BlockDeviceException {
    synchronized (lock) {
      if (cut) {
        throw new BlockDeviceException.Closed(this + " has lost power");
      }
      MemoryChannel channel = super.newChannel(reactor, depth, completions);
      live.add(channel);
      return channel;
    }
  }

  @Override
  void channelClosed(MemoryChannel channel) {
    synchronized (lock) {
      live.remove(channel);
    }
    super.channelClosed(channel);
  }

  @Override
  void accepted(MemoryRequest request) {
    synchronized (lock) {
      if (request.operation == Operation.FLUSH) {
        request.mark = clock;
      } else if (isChange(request.operation) && request.refusal == Status.OK) {
        Change change = toChange(request);
        request.change = change;
        changes.add(change);
      }
    }
  }

  @Override
  int serveLocked(MemoryRequest request) {
    if (cut) {
      return Status.EIO;
    }
    return switch (request.operation) {
      case READ -> serveRead(request);
      case PREFETCH -> Status.OK;
      case FLUSH -> serveFlush(request.mark);
      case WRITE, DISCARD, WRITE_ZEROES -> {
        Change change = request.change;
        if (change != null) {
          change.applyAll(content(), unmaps(request));
          change.appliedAt = ++clock;
          boolean fua = (request.flags & IoFlags.FUA) != 0;
          if (fua || !capabilities().contains(Capability.FLUSH)) {
            makeDurable(change);
          }
        }
        yield Status.OK;
      }
    };
  }

  @Override
  boolean delivering(MemoryRequest request) {
    synchronized (lock) {
      Change change = request.change;
      if (change != null && request.refusal != Status.OK) {
        changes.remove(change);
      } else if (change != null) {
        change.completedAt = ++clock;
      }
      return !isSilent();
    }
  }

  @Override
  boolean isSilent() {
    return cut && !buried;
  }

  @Override
  void grown(long size) {
    super.grown(size);
    durable.grow(size);
  }

  private int serveFlush(long mark) {
    int failure = flushFailure;
    flushFailure = Status.OK;
    if (failure != Status.OK) {
      if (flushFailureDrops) {
        changes.stream().filter(c -> c.completedAt <= mark).forEach(c -> c.lost = true);
      }
      return failure;
    }
    flushes++;
    changes.stream()
        .filter(c -> c.completedAt <= mark && !c.lost)
        .sorted((a, b) -> Long.compare(a.appliedAt, b.appliedAt))
        .toList()
        .forEach(this::makeDurable);
    return Status.OK;
  }

  private void makeDurable(Change change) {
    change.applyAll(durable, true);
    changes.remove(change);
    for (Change other : changes) {
      if (other.appliedAt < change.appliedAt) {
        other.yieldTo(change);
      }
    }
    changes.removeIf(Change::isGone);
  }

  private void applySome(SparseStore survivor, SeededRandom random) {
    List<Change> order = new ArrayList<>(changes);
    while (!order.isEmpty()) {
      int pick = random.below(order.size());
      Change change = order.set(pick, order.getLast());
      order.removeLast();
      switch (random.below(3)) {
        case 0 -> change.applyAll(survivor, true);
        case 1 -> {
          for (int i = 0; i < change.blocks; i++) {
            if (!change.gone.get(i) && random.chance(0.5)) {
              change.apply(i, survivor, true);
            }
          }
        }
        default -> {}
      }
    }
  }

  private static boolean isChange(Operation operation) {
    return switch (operation) {
      case WRITE, DISCARD, WRITE_ZEROES -> true;
      case READ, FLUSH, PREFETCH -> false;
    };
  }
}
