package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Random requests, many of them in flight, whose outcome is compared with a {@link ContentModel}.
 * In flight together are only requests that do not touch what another one changes, so that the
 * outcome is certain.
 *
 * <p>Uses what the device's capabilities list and nothing else. Every request must succeed.
 * Confined to the loop's thread.
 */
public final class RandomLoad {

  private static final int LARGEST = 16 * 1024;
  private static final int GROUP = 8;
  private static final long STEP_NANOS = 1_000_000;
  private static final byte[] NOTHING = {};

  private final ChannelDriver channel;
  private final ContentModel model;
  private final SeededRandom random;
  private final Set<Capability> able;
  private final int block;
  private final int blocks;
  private final int largest;
  private final List<Operation> choices = new ArrayList<>();
  private final ArrayDeque<GuardedBuffer> free;
  private final int[] readers;
  private final boolean[] changing;
  private int lane;
  private int lanes = 1;
  private long generation;
  private boolean abandoned;

  /**
   * Creates a load.
   *
   * @param device the device, for its geometry and capabilities
   * @param channel a channel of the device; as many requests are in flight as it is deep
   * @param model what the device holds, or the range of it that the load stays in
   * @param random decides everything
   * @param arena where to allocate memory, see {@link ChannelDriver}
   */
  public RandomLoad(
      BlockDevice device,
      ChannelDriver channel,
      ContentModel model,
      SeededRandom random,
      Arena arena) {
    this(device, channel, model, random, buffers(device, channel.depth(), LARGEST, arena));
  }

  /**
   * Creates a load that uses memory that is there.
   *
   * @param device the device, for its geometry and capabilities
   * @param channel a channel of the device
   * @param model what the device holds, or the range of it that the load stays in
   * @param random decides everything
   * @param buffers one for each request in flight; no request is larger than the first of them, and
   *     none may be smaller than a block
   */
  public RandomLoad(
      BlockDevice device,
      ChannelDriver channel,
      ContentModel model,
      SeededRandom random,
      Collection<GuardedBuffer> buffers) {
    this.channel = channel;
    this.model = model;
    this.random = random;
    this.able = device.capabilities();
    this.block = device.geometry().logicalBlockSize();
    this.blocks = model.length() / block;
    this.free = new ArrayDeque<>(buffers);
    this.largest = Math.min(device.geometry().maxTransfer(), free.element().capacity()) / block;
    this.readers = new int[blocks];
    this.changing = new boolean[blocks];
    boolean write = able.contains(Capability.WRITE);
    weigh(Operation.READ, 12, true);
    weigh(Operation.WRITE, 12, write);
    weigh(Operation.WRITE_ZEROES, 3, write && able.contains(Capability.WRITE_ZEROES));
    weigh(Operation.DISCARD, 3, write && able.contains(Capability.DISCARD));
    weigh(Operation.FLUSH, 3, true);
    weigh(Operation.PREFETCH, 3, true);
  }

  /**
   * Allocates memory for a load.
   *
   * @param device the device
   * @param count number of requests in flight
   * @param largest length of the largest request in bytes
   * @param arena decides how long the memory lives
   * @return one buffer for each request
   */
  static List<GuardedBuffer> buffers(BlockDevice device, int count, int largest, Arena arena) {
    int capacity =
        Math.max(
            device.geometry().logicalBlockSize(),
            Math.min(largest, device.geometry().maxTransfer()));
    List<GuardedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      buffers.add(new GuardedBuffer(arena, capacity));
    }
    return buffers;
  }

  private void weigh(Operation operation, int weight, boolean offered) {
    for (int i = 0; i < weight && offered; i++) {
      choices.add(operation);
    }
  }

  /**
   * Confines the load to every n-th group of eight blocks, so that several loads share a device
   * without touching the same blocks.
   *
   * @param index which one, 0 to {@code count} - 1
   * @param count number of loads
   * @return this load
   */
  public RandomLoad inLane(int index, int count) {
    lane = index;
    lanes = count;
    return this;
  }

  /**
   * Runs operations and waits for all of them.
   *
   * @param operations how many
   * @throws AssertionError if one fails, or reads what the model does not hold
   */
  public void run(int operations) {
    for (int i = 0; i < operations; i++) {
      while (free.isEmpty() || !issueOne()) {
        int before = channel.inFlight();
        channel.submit();
        channel.until(() -> channel.inFlight() < before || before == 0, "any completion");
      }
      if (random.chance(0.3)) {
        channel.submit();
      }
      if (random.chance(0.1)) {
        channel.driver().loop().turn();
      }
    }
    channel.submit();
    channel.awaitAll();
  }

  /**
   * Does one small thing: issues a request, submits, or turns the loop once. Does not wait for
   * anything, so that a test can stop between any two steps.
   */
  public void step() {
    if (!free.isEmpty() && random.chance(0.6)) {
      issueOne();
    } else if (random.chance(0.5)) {
      channel.submit();
    } else if (channel.driver().loop().turn() == 0) {
      channel.driver().loop().await(STEP_NANOS);
    }
    channel.check();
  }

  /** Loses interest: what is in flight may end as it likes, and the model is not told. */
  public void abandon() {
    abandoned = true;
  }

  /**
   * Reads everything that the model covers, in this load's lane, and compares it.
   *
   * @throws AssertionError if the device holds anything else
   */
  public void verify() {
    for (int first = 0; first < blocks; ) {
      int count = Math.min(blocks - first, largest);
      if (lanes > 1) {
        count = Math.min(count, GROUP - first % GROUP);
      }
      if (isMine(first)) {
        GuardedBuffer buffer = free.getFirst();
        IoRequest read = IoRequest.read(position(first), buffer.layOne(count * block, 0));
        channel.run(read);
        check(read);
        model.completed(read, buffer.get());
      }
      first += count;
    }
  }

  private boolean issueOne() {
    Operation operation = choices.get(random.below(choices.size()));
    if (operation == Operation.FLUSH) {
      issue(IoRequest.flush(), NOTHING, 0, 0, false);
      return true;
    }
    boolean transfer = operation == Operation.READ || operation == Operation.WRITE;
    int first = random.below(blocks);
    int most = transfer ? largest : random.chance(0.02) ? blocks : 64;
    if (lanes > 1) {
      most = Math.min(most, GROUP - first % GROUP);
    }
    most = Math.min(most, blocks - first);
    int count = random.chance(0.7) ? random.between(1, Math.min(8, most)) : 1 + random.below(most);
    boolean change = operation != Operation.READ && operation != Operation.PREFETCH;
    if (!isMine(first) || isBusy(first, count, change)) {
      return false;
    }
    long offset = position(first);
    byte[] content = operation == Operation.WRITE ? newContent(offset, count * block) : NOTHING;
    issue(request(operation, offset, count * block, content), content, first, count, change);
    return true;
  }

  private IoRequest request(Operation operation, long offset, int length, byte[] content) {
    GuardedBuffer buffer = free.getFirst();
    return switch (operation) {
      case READ -> IoRequest.read(offset, lay(buffer, length).list());
      case WRITE -> {
        lay(buffer, length).put(content);
        int flags =
            flag(IoFlags.FUA, Capability.FUA) | flag(IoFlags.BYPASS_CACHE, Capability.WRITE);
        yield IoRequest.write(offset, buffer.list(), flags);
      }
      case DISCARD -> IoRequest.discard(offset, length);
      case WRITE_ZEROES -> {
        int flags = flag(IoFlags.FUA, Capability.FUA) | flag(IoFlags.NO_UNMAP, Capability.WRITE);
        yield IoRequest.writeZeroes(offset, length, flags);
      }
      case PREFETCH -> IoRequest.prefetch(offset, length);
      case FLUSH -> throw new IllegalArgumentException("a flush has no range");
    };
  }

  private GuardedBuffer lay(GuardedBuffer buffer, int length) {
    if (random.chance(0.5)) {
      buffer.layOne(length, random.chance(0.5) ? 0 : random.below(64));
    } else {
      buffer.layPieces(length, random);
    }
    return buffer;
  }

  private byte[] newContent(long offset, int length) {
    return random.chance(0.1)
        ? new byte[length]
        : Patterns.bytes(offset, length, ++generation * lanes + lane);
  }

  private int flag(int flag, Capability needed) {
    return able.contains(needed) && random.chance(0.2) ? flag : 0;
  }

  private void issue(IoRequest request, byte[] content, int first, int count, boolean change) {
    GuardedBuffer buffer = free.removeFirst();
    mark(first, count, change, 1);
    model.issued(request, content);
    channel.issue(
        request.then(
            done -> {
              free.addFirst(buffer);
              mark(first, count, change, -1);
              if (!abandoned) {
                check(done);
                tell(done, buffer, content);
              }
            }));
  }

  private void tell(IoRequest done, GuardedBuffer buffer, byte[] written) {
    if (done.operation() == Operation.READ) {
      buffer.assertNothingElseChanged();
      model.completed(done, buffer.get());
    } else {
      if (done.operation() == Operation.WRITE) {
        buffer.assertSourceUnchanged();
      }
      model.completed(done, written);
    }
  }

  private static void check(IoRequest request) {
    if (request.status() != Status.OK) {
      throw new AssertionError(request + ", expected " + Status.name(Status.OK));
    }
  }

  private boolean isMine(int index) {
    return index / GROUP % lanes == lane;
  }

  private boolean isBusy(int first, int count, boolean change) {
    for (int i = first; i < first + count; i++) {
      if (changing[i] || (change && readers[i] > 0)) {
        return true;
      }
    }
    return false;
  }

  private void mark(int first, int count, boolean change, int step) {
    for (int i = first; i < first + count; i++) {
      if (change) {
        changing[i] = step > 0;
      } else {
        readers[i] += step;
      }
    }
  }

  private long position(int index) {
    return model.start() + (long) index * block;
  }
}
