package io.ubiblk.testkit;

import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Devices that mistreat the caller's memory. */
final class MemoryMutants {

  private static final String ALIGNMENT = "memoryOfAnyAlignmentWorks";
  private static final String ODD = "scatterListsOfOddPiecesWork";
  private static final String RANDOM = "scatterListsOfRandomPiecesWork";

  private MemoryMutants() {}

  static List<Mutant> all() {
    return List.of(
        afterReads(
            "writes behind the memory of a read",
            dst -> {
              long end = dst.offset(0) + dst.length(0);
              if (dst.segment(0).byteSize() > end) {
                dst.segment(0).set(ValueLayout.JAVA_BYTE, end, (byte) 99);
              }
            },
            ALIGNMENT,
            ODD,
            RANDOM,
            "randomOperationsMatchAModel"),
        afterReads("empties the list of a read", ScatterList::clear, ALIGNMENT),
        Mutant.ofChannel(
            "encrypts in place",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    invert(src);
                    return super.write(offset, src, flags, tag);
                  }
                },
            ALIGNMENT,
            ODD,
            RANDOM),
        refusesLists(
            "wants aligned memory",
            list -> list.isAligned(4, 1),
            ALIGNMENT,
            "randomOperationsMatchAModel"),
        refusesLists("takes 1,024 pieces", list -> list.count() <= 1024, ODD),
        refusesLists("wants pieces of whole sectors", list -> list.isAligned(1, 512), ODD, RANDOM),
        Mutant.ofChannel(
            "forgets the second half of what it reads",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean read(long offset, ScatterList dst, long tag) {
                    if (dst.count() < 3) {
                      return super.read(offset, dst, tag);
                    }
                    ScatterList half = new ScatterList();
                    half.addRange(dst, 0, dst.byteSize() / 1024 * 512);
                    return super.read(offset, half, tag);
                  }
                },
            ODD,
            RANDOM),
        Mutant.ofChannel(
            "takes the same memory twice for different memory",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    boolean again = src.count() > 1 && sameAddress(src);
                    return super.write(again ? -1 : offset, src, flags, tag);
                  }
                },
            "writeMayNameMemoryTwice"));
  }

  private static boolean sameAddress(ScatterList list) {
    return list.segment(0).address() + list.offset(0) == list.segment(1).address() + list.offset(1);
  }

  private interface AfterRead {
    void spoil(ScatterList dst);
  }

  private static Mutant afterReads(String rule, AfterRead action, String... killers) {
    return Mutant.ofChannel(
        rule,
        (model, reactor, depth, done) -> {
          Map<Long, ScatterList> lists = new HashMap<>();
          return new Mutant.Channel(
              model,
              reactor,
              depth,
              (tag, status) -> {
                ScatterList dst = lists.remove(tag);
                if (dst != null && status == Status.OK && dst.count() > 0) {
                  action.spoil(dst);
                }
                done.completed(tag, status);
              }) {
            @Override
            public boolean read(long offset, ScatterList dst, long tag) {
              lists.put(tag, dst);
              return super.read(offset, dst, tag);
            }
          };
        },
        killers);
  }

  private interface ListCheck {
    boolean accepts(ScatterList list);
  }

  private static Mutant refusesLists(String rule, ListCheck check, String... killers) {
    return Mutant.ofChannel(
        rule,
        (model, reactor, depth, done) ->
            new Mutant.Channel(model, reactor, depth, done) {
              @Override
              public boolean read(long offset, ScatterList dst, long tag) {
                return super.read(check.accepts(dst) ? offset : -1, dst, tag);
              }
            },
        killers);
  }

  private static void invert(ScatterList list) {
    byte[] bytes = new byte[(int) list.byteSize()];
    MemorySegment heap = MemorySegment.ofArray(bytes);
    list.copyTo(0, heap, 0, bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ~bytes[i];
    }
    list.copyFrom(0, heap, 0, bytes.length);
  }
}
