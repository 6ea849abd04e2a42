package io.ubiblk.testkit;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Devices that store the wrong content. */
final class ContentMutants {

  private ContentMutants() {}

  static List<Mutant> all() {
    return List.of(
        Mutant.ofDevice(
            "is not zeroed",
            model -> {
              model.poke(4096, new byte[] {1});
              return new Mutant.Device(model);
            },
            "freshDeviceReadsAsItsBaseContent"),
        Mutant.ofChannel(
            "writes a byte of the neighbour",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    boolean accepted = super.write(offset, src, flags, tag);
                    spoil(model, offset + src.byteSize());
                    return accepted;
                  }
                },
            "writtenRangeReadsBackAndNeighboursKeepTheirBytes",
            "unwrittenBlocksKeepTheirBaseContent",
            "randomOperationsMatchAModel",
            "randomOperationsOnTwoChannelsMatchAModel",
            "twoThreadsDoNotDisturbEachOther"),
        Mutant.ofChannel(
            "writes a block only once",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  private final Set<Long> written = new HashSet<>();

                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    return written.add(offset)
                        ? super.write(offset, src, flags, tag)
                        : super.flush(tag);
                  }
                },
            "wholeDeviceIsWrittenAndRewritten",
            "readsBesideAWriteSeeWholeBlocks"),
        dropsWritesWith(IoFlags.FUA),
        dropsWritesWith(IoFlags.BYPASS_CACHE),
        dropsWritesWith(IoFlags.FUA | IoFlags.BYPASS_CACHE),
        ignoresZeroesWith(IoFlags.NONE),
        ignoresZeroesWith(IoFlags.NO_UNMAP),
        ignoresZeroesWith(IoFlags.FUA),
        Mutant.ofChannel(
            "zeroes one block too many",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean writeZeroes(long offset, long length, int flags, long tag) {
                    spoil(model, offset + length);
                    return super.writeZeroes(offset, length, flags, tag);
                  }
                },
            "zeroedRangeReadsAsZeros",
            "randomOperationsMatchAModel"),
        Mutant.ofChannel(
            "discards more than it should",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean discard(long offset, long length, long tag) {
                    spoil(model, offset + length);
                    return super.discard(offset, length, tag);
                  }
                },
            "discardedRangeIsStableAndLeavesTheRestAlone",
            "randomOperationsMatchAModel"),
        Mutant.ofChannel(
            "shows content of another range after a discard",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean discard(long offset, long length, long tag) {
                    if (model.geometry().check(offset, length) == Status.OK && offset >= 512) {
                      model.poke(offset, model.peek(offset - 512, 512));
                    }
                    return super.flush(tag);
                  }
                },
            "discardedRangeIsStableAndLeavesTheRestAlone"),
        Mutant.ofChannel(
            "shows something else at every read after a discard",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  private long discarded = -1;

                  @Override
                  public boolean discard(long offset, long length, long tag) {
                    discarded = length == 0 ? -1 : offset;
                    return super.discard(offset, length, tag);
                  }

                  @Override
                  public boolean read(long offset, ScatterList dst, long tag) {
                    if (discarded >= 0) {
                      boolean zero = model.peek(discarded, 1)[0] == 0;
                      byte[] other = zero ? Patterns.bytes(discarded, 512, 5) : new byte[512];
                      model.poke(discarded, other);
                    }
                    return super.read(offset, dst, tag);
                  }
                },
            "discardedRangeIsStableAndLeavesTheRestAlone"),
        Mutant.ofChannel(
            "prefetches by zeroing",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean prefetch(long offset, long length, long tag) {
                    return super.writeZeroes(offset, length, 0, tag);
                  }
                },
            "prefetchChangesNothing",
            "randomOperationsMatchAModel"),
        Mutant.ofChannel(
            "refuses a flush",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean flush(long tag) {
                    return super.discard(1, 1, tag);
                  }
                },
            "flushSucceedsAndChangesNothing"));
  }

  private static Mutant dropsWritesWith(int dropped) {
    return Mutant.ofChannel(
        "drops writes with flags " + dropped,
        (model, reactor, depth, done) ->
            new Mutant.Channel(model, reactor, depth, done) {
              @Override
              public boolean write(long offset, ScatterList src, int flags, long tag) {
                return flags == dropped ? super.flush(tag) : super.write(offset, src, flags, tag);
              }
            },
        "writesWithFlagsReadBack",
        "randomOperationsMatchAModel");
  }

  private static Mutant ignoresZeroesWith(int ignored) {
    return Mutant.ofChannel(
        "ignores write-zeroes with flags " + ignored,
        (model, reactor, depth, done) ->
            new Mutant.Channel(model, reactor, depth, done) {
              @Override
              public boolean writeZeroes(long offset, long length, int flags, long tag) {
                return flags == ignored
                    ? super.flush(tag)
                    : super.writeZeroes(offset, length, flags, tag);
              }
            },
        "zeroedRangeReadsAsZeros",
        "randomOperationsMatchAModel");
  }

  /** Changes a byte if it is there. */
  static void spoil(ModelBlockDevice model, long position) {
    if (position >= 0 && position < model.geometry().size()) {
      byte[] old = model.peek(position, 1);
      old[0]++;
      model.poke(position, old);
    }
  }
}
