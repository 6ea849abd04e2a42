package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/** Devices that accept what they must refuse, or the other way round. */
final class RefusalMutants {

  private static final int KNOWN = IoFlags.FUA | IoFlags.NO_UNMAP | IoFlags.BYPASS_CACHE;
  private static final String RANGES = "badRangesAreRefusedAndMoveNothing";

  private RefusalMutants() {}

  static List<Mutant> all() {
    List<Mutant> mutants = new ArrayList<>();
    mutants.add(mapsOffsets("takes negative offsets", o -> o < 0 ? 0 : o));
    mutants.add(mapsOffsets("rounds offsets", o -> o & -512));
    mutants.add(mapsOffsets("looks at 41 bits of the offset", o -> o & ((1L << 41) - 1)));
    mutants.add(
        Mutant.ofChannel(
            "moves a refused write to where there is room",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    if (model.geometry().check(offset, src.byteSize()) != Status.OK) {
                      ContentMutants.spoil(model, 0);
                    }
                    return super.write(offset, src, flags, tag);
                  }
                },
            RANGES));
    mutants.add(
        Mutant.ofChannel(
            "touches the memory of a refused read",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean read(long offset, ScatterList dst, long tag) {
                    dst.fill(0, dst.byteSize(), (byte) 0);
                    return super.read(offset, dst, tag);
                  }
                },
            RANGES));
    mutants.add(
        Mutant.ofChannel(
            "answers EIO instead of EINVAL",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) ->
                        done.completed(tag, status == Status.EINVAL ? Status.EIO : status)),
            RANGES));
    mutants.add(
        Mutant.ofChannel(
            "lets a discard of negative length pass",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean discard(long offset, long length, long tag) {
                    return length < 0 ? super.flush(tag) : super.discard(offset, length, tag);
                  }
                },
            RANGES));
    mutants.add(
        Mutant.ofDevice(
            "does not limit transfers",
            model ->
                new Mutant.Device(model) {
                  @Override
                  public Geometry geometry() {
                    return model.geometry().withMaxTransfer(8192);
                  }
                },
            "largestTransferLimitsReadsAndWritesOnly"));
    mutants.add(limitsEverything());
    mutants.add(
        Mutant.ofChannel(
            "ignores flags that a write does not know",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    return super.write(offset, src, flags & KNOWN, tag);
                  }
                },
            "unknownFlagsAreRefused"));
    mutants.add(
        Mutant.ofChannel(
            "ignores flags that write-zeroes does not know",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean writeZeroes(long offset, long length, int flags, long tag) {
                    return super.writeZeroes(offset, length, flags & ~IoFlags.BYPASS_CACHE, tag);
                  }
                },
            "unknownFlagsAreRefused"));
    mutants.add(
        Mutant.ofChannel(
            "refuses empty requests",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean read(long offset, ScatterList dst, long tag) {
                    return super.read(dst.byteSize() == 0 ? -1 : offset, dst, tag);
                  }
                },
            "emptyRequestsSucceed"));
    for (Capability capability : EnumSet.complementOf(EnumSet.of(Capability.FLUSH))) {
      mutants.add(servesWithout(capability));
    }
    return mutants;
  }

  private static Mutant mapsOffsets(String rule, LongUnaryOperator map) {
    return Mutant.ofChannel(
        rule,
        (model, reactor, depth, done) -> new Mapping(model, reactor, depth, done, map),
        RANGES);
  }

  private static final class Mapping extends Mutant.Channel {
    private final LongUnaryOperator map;

    Mapping(
        ModelBlockDevice model,
        Reactor reactor,
        int depth,
        CompletionHandler done,
        LongUnaryOperator map)
        throws IOException {
      super(model, reactor, depth, done);
      this.map = map;
    }

    @Override
    public boolean prefetch(long offset, long length, long tag) {
      return super.prefetch(map.applyAsLong(offset), length, tag);
    }
  }

  private static Mutant limitsEverything() {
    return Mutant.ofDevice(
        "limits discards and the like to the largest transfer",
        model ->
            new Mutant.Device(
                model,
                (below, reactor, depth, done) ->
                    new Mutant.Channel(below, reactor, depth, done) {
                      @Override
                      public boolean read(long offset, ScatterList dst, long tag) {
                        return super.read(dst.byteSize() > 8192 ? -1 : offset, dst, tag);
                      }

                      @Override
                      public boolean write(long offset, ScatterList src, int flags, long tag) {
                        return super.write(src.byteSize() > 8192 ? -1 : offset, src, flags, tag);
                      }

                      @Override
                      public boolean prefetch(long offset, long length, long tag) {
                        return super.prefetch(length > 8192 ? -1 : offset, length, tag);
                      }
                    }) {
              @Override
              public Geometry geometry() {
                return model.geometry().withMaxTransfer(8192);
              }
            },
        "largestTransferLimitsReadsAndWritesOnly",
        "prefetchChangesNothing");
  }

  private static Mutant servesWithout(Capability capability) {
    return Mutant.ofDevice(
        "serves what needs " + capability + " without listing it",
        model -> lacking(model, capability),
        "whatTheCapabilitiesDoNotListIsRefused");
  }

  private static BlockDevice lacking(ModelBlockDevice model, Capability capability) {
    return new Mutant.Device(model) {
      @Override
      public Set<Capability> capabilities() {
        Set<Capability> fewer = EnumSet.copyOf(model.capabilities());
        fewer.remove(capability);
        return Set.copyOf(fewer);
      }
    };
  }
}
