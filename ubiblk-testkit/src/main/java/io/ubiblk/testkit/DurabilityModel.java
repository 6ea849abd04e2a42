package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Knows for every block of a device which contents a power cut may leave: what is durable, and what
 * was written since, completed or in flight. Follows the durability rules of {@link
 * io.ubiblk.api.BlockDevice}.
 *
 * <p>The changes that it is told of must not overlap while they are in flight. Not thread-safe.
 */
public final class DurabilityModel implements ContentModel {

  private static final int SECTOR = Geometry.SECTOR;
  private static final long NEVER = Long.MAX_VALUE;

  private final int block;
  private final byte[] base;
  private final boolean holdsBack;
  private final boolean anythingAfterDiscard;

  /** For each block what it may hold, the durable content first. */
  private final List<List<Version>> versions = new ArrayList<>();

  private final Map<IoRequest, List<Version>> changes = new HashMap<>();
  private final Map<IoRequest, Long> flushes = new HashMap<>();
  private long clock;

  private static final class Version {
    private final int index;
    private final @Nullable Version before;
    private byte[] bytes;
    private int at;
    private boolean discarded;
    private long completedAt = NEVER;

    Version(int index, byte[] bytes, int at, boolean discarded, @Nullable Version before) {
      this.index = index;
      this.bytes = bytes;
      this.at = at;
      this.discarded = discarded;
      this.before = before;
    }
  }

  /**
   * Creates a model.
   *
   * @param device the device, for its block size and whether it holds changes back
   * @param base what the device holds, durably
   * @param anythingAfterDiscard whether a discarded sector may hold whatever it likes but for the
   *     pattern of another sector; see {@link BlockDeviceFixture#discardsLeaveNothingNew}
   */
  public DurabilityModel(BlockDevice device, byte[] base, boolean anythingAfterDiscard) {
    this.block = device.geometry().logicalBlockSize();
    this.holdsBack = device.capabilities().contains(Capability.FLUSH);
    this.base = base.clone();
    this.anythingAfterDiscard = anythingAfterDiscard;
    for (int i = 0; i < base.length / block; i++) {
      versions.add(new ArrayList<>(List.of(durable(i, this.base, i * block))));
    }
  }

  private static Version durable(int index, byte[] bytes, int at) {
    Version version = new Version(index, bytes, at, false, null);
    version.completedAt = 0;
    return version;
  }

  @Override
  public long start() {
    return 0;
  }

  @Override
  public int length() {
    return base.length;
  }

  @Override
  public void issued(IoRequest request, byte[] content) {
    switch (request.operation()) {
      case READ, PREFETCH -> {}
      case FLUSH -> flushes.put(request, clock);
      case WRITE -> add(request, content);
      case WRITE_ZEROES, DISCARD -> add(request, new byte[(int) request.length()]);
    }
  }

  private void add(IoRequest request, byte[] content) {
    List<Version> added = new ArrayList<>();
    boolean discard = request.operation() == Operation.DISCARD;
    for (int at = 0; at < content.length; at += block) {
      int index = (int) ((request.offset() + at) / block);
      List<Version> history = versions.get(index);
      Version before = discard ? history.getLast() : null;
      Version version = new Version(index, content, at, discard, before);
      history.add(version);
      added.add(version);
    }
    changes.put(request, added);
  }

  @Override
  public void completed(IoRequest request, byte[] content) {
    clock++;
    switch (request.operation()) {
      case READ -> checkVisible(request.offset(), content);
      case PREFETCH -> {}
      case FLUSH -> {
        long mark = flushes.getOrDefault(request, 0L);
        flushes.remove(request);
        versions.forEach(history -> makeDurable(history, mark));
      }
      case WRITE, WRITE_ZEROES, DISCARD -> {
        boolean durable = !holdsBack || (request.flags() & IoFlags.FUA) != 0;
        for (Version version : changes.getOrDefault(request, List.of())) {
          version.completedAt = clock;
          if (durable) {
            makeDurable(versions.get(version.index), clock);
          }
        }
        changes.remove(request);
      }
    }
  }

  /** Forgets what is older than the newest version that had completed by then. */
  private static void makeDurable(List<Version> history, long mark) {
    for (int i = history.size() - 1; i > 0; i--) {
      if (history.get(i).completedAt <= mark) {
        history.subList(0, i).clear();
        return;
      }
    }
  }

  /**
   * A range was read while the power was on: demands that it holds what was written last.
   *
   * @param offset first byte
   * @param actual what was read, whole blocks
   * @throws AssertionError if it holds anything else
   */
  public void checkVisible(long offset, byte[] actual) {
    for (int at = 0; at < actual.length; at += block) {
      List<Version> history = versions.get((int) ((offset + at) / block));
      Version last = history.getLast();
      if (!matches(last, actual, at)) {
        throw wrong("what was written last", history, actual, at);
      }
      pin(last, actual, at);
    }
  }

  /**
   * A range was read after a power cut: demands that every block holds its last durable content or
   * that of one change since. What was found counts as durable from now on.
   *
   * @param offset first byte
   * @param actual what was read, whole blocks
   * @throws AssertionError if a block holds anything else
   */
  public void checkSurvivor(long offset, byte[] actual) {
    for (int at = 0; at < actual.length; at += block) {
      int index = (int) ((offset + at) / block);
      List<Version> history = versions.get(index);
      int from = at;
      if (history.stream().noneMatch(version -> matches(version, actual, from))) {
        throw wrong("what was durable or written since", history, actual, at);
      }
      history.clear();
      history.add(durable(index, Arrays.copyOfRange(actual, at, at + block), 0));
    }
  }

  /** Forgets what was in flight when the power was cut: it will never complete. */
  public void powerCut() {
    changes.clear();
    flushes.clear();
  }

  /** {@return how many blocks may hold more than one content after a power cut now} */
  public int undecidedBlocks() {
    return (int) versions.stream().filter(history -> history.size() > 1).count();
  }

  private boolean matches(Version version, byte[] actual, int at) {
    for (int i = 0; i < block; i += SECTOR) {
      boolean same = sameSector(version.bytes, version.at + i, actual, at + i);
      if (!same && !(version.discarded && mayFollowDiscard(version, i, actual, at + i))) {
        return false;
      }
    }
    return true;
  }

  private boolean mayFollowDiscard(Version version, int in, byte[] actual, int at) {
    if (sameSector(base, version.index * block + in, actual, at)) {
      return true;
    }
    for (Version v = version.before; v != null; v = v.before) {
      if (sameSector(v.bytes, v.at + in, actual, at)) {
        return true;
      }
    }
    MemorySegment found = MemorySegment.ofArray(actual);
    return anythingAfterDiscard && Patterns.position(found, at) == Patterns.FOREIGN;
  }

  /** Discarded content that has been seen must stay. */
  private void pin(Version version, byte[] actual, int at) {
    if (version.discarded) {
      version.bytes = Arrays.copyOfRange(actual, at, at + block);
      version.at = 0;
      version.discarded = false;
    }
  }

  private static boolean sameSector(byte[] a, int aAt, byte[] b, int bAt) {
    return Arrays.equals(a, aAt, aAt + SECTOR, b, bAt, bAt + SECTOR);
  }

  private AssertionError wrong(String expected, List<Version> history, byte[] actual, int at) {
    StringBuilder message = new StringBuilder();
    message.append("block at ").append((long) history.getFirst().index * block);
    message.append(": expected ").append(expected).append(" (");
    for (Version version : history) {
      message.append(version.discarded ? "discarded" : describe(version.bytes, version.at));
      message.append(version.completedAt == NEVER ? " in flight, " : ", ");
    }
    message.setLength(message.length() - 2);
    message.append("), found ").append(describe(actual, at));
    for (int i = SECTOR; i < block; i += SECTOR) {
      message.append(", ").append(describe(actual, at + i));
    }
    return new AssertionError(message.toString());
  }

  private static String describe(byte[] bytes, int at) {
    return Patterns.describe(MemorySegment.ofArray(bytes), at);
  }
}
