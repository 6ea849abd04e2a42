package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Random requests, many of them in flight, whose outcome is compared with a {@link DiskModel}. In
 * flight together are only requests that do not touch what another one changes, so that the outcome
 * is certain.
 *
 * <p>Uses what the device's capabilities list and nothing else. Every request must succeed.
 * Confined to the loop's thread.
 */
public final class RandomLoad {

  private static final int MOST = 16 * 1024;

  private final ChannelDriver channel;
  private final DiskModel model;
  private final SeededRandom random;
  private final Set<Capability> able;
  private final int block;
  private final int maxTransfer;
  private final List<Operation> choices = new ArrayList<>();
  private final ArrayDeque<GuardedBuffer> free = new ArrayDeque<>();
  private final int[] readers;
  private final boolean[] changing;
  private int lane;
  private int lanes = 1;
  private long generation;

  /**
   * Creates a load.
   *
   * @param device the device, for its geometry and capabilities
   * @param channel a channel of the device; its depth is the number of requests in flight
   * @param model what the device holds, or the range of it that the load stays in
   * @param random decides everything
   * @param arena where to allocate memory, see {@link ChannelDriver}
   */
  public RandomLoad(
      BlockDevice device,
      ChannelDriver channel,
      DiskModel model,
      SeededRandom random,
      Arena arena) {
    this.channel = channel;
    this.model = model;
    this.random = random;
    this.able = device.capabilities();
    this.block = device.geometry().logicalBlockSize();
    this.maxTransfer = Math.min(device.geometry().maxTransfer(), Math.max(block, MOST));
    this.readers = new int[model.length() / block];
    this.changing = new boolean[readers.length];
    for (int i = 0; i < channel.depth(); i++) {
      free.add(new GuardedBuffer(arena, maxTransfer));
    }
    weigh(Operation.READ, 12, true);
    weigh(Operation.WRITE, 12, able.contains(Capability.WRITE));
    weigh(Operation.WRITE_ZEROES, 3, able.contains(Capability.WRITE_ZEROES));
    weigh(Operation.DISCARD, 3, able.contains(Capability.DISCARD));
    weigh(Operation.FLUSH, 2, true);
    weigh(Operation.PREFETCH, 3, true);
  }

  private void weigh(Operation operation, int weight, boolean offered) {
    boolean change = operation != Operation.READ && operation != Operation.PREFETCH;
    if (offered && (!change || operation == Operation.FLUSH || able.contains(Capability.WRITE))) {
      for (int i = 0; i < weight; i++) {
        choices.add(operation);
      }
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
   * Reads everything that the model covers, in this load's lane, and compares it.
   *
   * @throws AssertionError if the device holds anything else
   */
  public void verify() {
    int blocks = readers.length;
    for (int first = 0; first < blocks; ) {
      int count = Math.min(blocks - first, Math.max(1, maxTransfer / block));
      if (lanes > 1) {
        count = Math.min(count, 8 - first % 8);
      }
      if (first / 8 % lanes == lane || lanes == 1) {
        GuardedBuffer buffer = free.getFirst();
        IoRequest read = IoRequest.read(position(first), buffer.layOne(count * block, 0));
        check(read.then(_ -> {}), channel.run(read));
        model.check(read.offset(), buffer.get());
      }
      first += count;
    }
  }

  private boolean issueOne() {
    Operation operation = choices.get(random.below(choices.size()));
    boolean transfer = operation == Operation.READ || operation == Operation.WRITE;
    int most = transfer ? maxTransfer / block : random.chance(0.02) ? readers.length : 64;
    int first = random.below(readers.length);
    if (lanes > 1) {
      first = Math.min(readers.length - 1, (first / 8 / lanes * lanes + lane) * 8 + first % 8);
      most = Math.min(most, 8 - first % 8);
      if (first / 8 % lanes != lane) {
        return false;
      }
    }
    most = Math.min(most, readers.length - first);
    int count = random.chance(0.7) ? random.between(1, Math.min(8, most)) : 1 + random.below(most);
    boolean change = operation != Operation.READ && operation != Operation.PREFETCH;
    if (operation == Operation.FLUSH) {
      issue(IoRequest.flush(), 0, 0, false);
      return true;
    }
    if (isBusy(first, count, change)) {
      return false;
    }
    issue(request(operation, position(first), count * block), first, count, change);
    return true;
  }

  private IoRequest request(Operation operation, long offset, int length) {
    GuardedBuffer buffer = free.getFirst();
    return switch (operation) {
      case READ -> IoRequest.read(offset, lay(buffer, length).list());
      case WRITE -> {
        lay(buffer, length).put(newContent(offset, length));
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

  private void issue(IoRequest request, int first, int count, boolean change) {
    GuardedBuffer buffer = free.removeFirst();
    mark(first, count, change, 1);
    channel.issue(
        request.then(
            done -> {
              free.addFirst(buffer);
              mark(first, count, change, -1);
              check(done, done.status());
              apply(done, buffer);
            }));
  }

  private void apply(IoRequest done, GuardedBuffer buffer) {
    switch (done.operation()) {
      case READ -> {
        buffer.assertNothingElseChanged();
        model.check(done.offset(), buffer.get());
      }
      case WRITE -> {
        buffer.assertSourceUnchanged();
        model.write(done.offset(), buffer.get());
      }
      case DISCARD -> model.discard(done.offset(), done.length());
      case WRITE_ZEROES -> model.zero(done.offset(), done.length());
      case FLUSH, PREFETCH -> {}
    }
  }

  private static void check(IoRequest request, int status) {
    if (status != Status.OK) {
      throw new AssertionError(request + ", expected " + Status.name(Status.OK));
    }
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
