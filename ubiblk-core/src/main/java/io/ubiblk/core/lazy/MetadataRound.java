package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.metadata.MetadataCodec;
import io.ubiblk.core.metadata.MetadataLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * One round of header sectors: one write for each sector with bits that are due, neighbours
 * together, then one flush. Confined to the coordinator's thread.
 */
final class MetadataRound {

  /** How many writes are in flight at once. */
  static final int DEPTH = 16;

  /** Most sectors in a round; what is due beyond that waits for the next one. */
  private static final int MOST_SECTORS = 64;

  private final List<HeaderMark> marks;
  private final ArrayDeque<Piece> pieces = new ArrayDeque<>();
  private int inFlight;
  private int status = Status.OK;
  private boolean flushing;

  private MetadataRound(List<HeaderMark> marks) {
    this.marks = marks;
  }

  /** Takes marks that are due, in the order of their stripes, and lays out their sectors. */
  static MetadataRound take(NavigableMap<Integer, HeaderMark> due, StripeMap map, Memory memory) {
    List<HeaderMark> taken = new ArrayList<>();
    List<Integer> groups = new ArrayList<>();
    while (!due.isEmpty()) {
      int group = MetadataLayout.group(due.firstKey());
      boolean isNew = groups.isEmpty() || groups.getLast() != group;
      if (isNew && groups.size() == MOST_SECTORS) {
        break;
      }
      if (isNew) {
        groups.add(group);
      }
      Map.Entry<Integer, HeaderMark> first = due.pollFirstEntry();
      taken.add(first.getValue());
    }
    MetadataRound round = new MetadataRound(taken);
    round.layOut(groups, map, memory.segment());
    return round;
  }

  List<HeaderMark> marks() {
    return marks;
  }

  int status() {
    return status;
  }

  /** Puts the marks back, to be tried again together with what has become due since. */
  void returnTo(Map<Integer, HeaderMark> due) {
    for (HeaderMark mark : marks) {
      HeaderMark other = due.putIfAbsent(mark.stripe, mark);
      if (other != null) {
        other.bits |= mark.bits;
        other.changes.addAll(mark.changes);
        other.work = other.work == null ? mark.work : other.work;
      }
    }
  }

  /** Starts writing. */
  void begin(BlockChannel channel) {
    while (inFlight < DEPTH && !pieces.isEmpty()) {
      Piece piece = pieces.remove();
      inFlight++;
      boolean accepted = channel.write(piece.position, piece.list, 0, 0);
      assert accepted : "no more writes than the channel is deep";
    }
    channel.submit();
  }

  /**
   * Takes the outcome of a write or of the flush.
   *
   * @return whether the round has ended
   */
  boolean completed(int outcome, BlockChannel channel) {
    inFlight--;
    if (outcome != Status.OK) {
      status = outcome;
      pieces.clear();
    }
    if (!pieces.isEmpty()) {
      begin(channel);
    }
    if (inFlight > 0) {
      return false;
    }
    if (status == Status.OK && !flushing) {
      flushing = true;
      inFlight = 1;
      boolean accepted = channel.flush(0);
      assert accepted : "one flush at a time";
      channel.submit();
      return false;
    }
    return true;
  }

  private void layOut(List<Integer> groups, StripeMap map, MemorySegment memory) {
    memory.fill((byte) 0);
    int mark = 0;
    for (int i = 0; i < groups.size(); i++) {
      MemorySegment sector =
          memory.asSlice((long) i * MetadataLayout.SECTOR, MetadataLayout.SECTOR);
      mark = encode(groups.get(i), sector, mark, map);
      boolean continues = i > 0 && groups.get(i - 1) + 1 == groups.get(i);
      if (!continues) {
        pieces.add(new Piece(MetadataLayout.position(groups.get(i)), new ScatterList(1)));
      }
      pieces.getLast().list.add(memory, (long) i * MetadataLayout.SECTOR, MetadataLayout.SECTOR);
    }
  }

  /** Encodes a sector: what is durable, with the marks that are its own. */
  private int encode(int group, MemorySegment sector, int firstMark, StripeMap map) {
    int first = group * MetadataLayout.HEADERS_PER_SECTOR;
    int count = Math.min(MetadataLayout.HEADERS_PER_SECTOR, map.size() - first);
    var bytes = sector.asByteBuffer();
    for (int i = 0; i < count; i++) {
      bytes.put(i, (byte) map.header(first + i));
    }
    int mark = firstMark;
    for (; mark < marks.size() && MetadataLayout.group(marks.get(mark).stripe) == group; mark++) {
      int i = marks.get(mark).stripe - first;
      bytes.put(i, (byte) (bytes.get(i) | marks.get(mark).bits));
    }
    MetadataCodec.seal(bytes);
    return mark;
  }

  /** Memory for the sectors of one round at a time. */
  static final class Memory {
    private final Arena arena = Arena.ofShared();
    private @Nullable MemorySegment segment;
    private boolean closed;

    private MemorySegment segment() {
      MemorySegment present = segment;
      if (present == null) {
        present = arena.allocate((long) MOST_SECTORS * MetadataLayout.SECTOR, 4096);
        segment = present;
      }
      return present;
    }

    /** Gives the memory back. May block. */
    synchronized void close() {
      if (!closed) {
        closed = true;
        arena.close();
      }
    }
  }

  private record Piece(long position, ScatterList list) {}
}
